"""Whatever vendors and people write is shown as text: escaped, cut, and never run."""

import httpx2

from tests.console.pages import Page
from tests.console.week import GRID, BusyWeek
from tests.console.world import cards
from tieline.app.views.systems import SystemCard

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7*7 }}{% raw %}"
TEXTS = (
    ("engagement", "name"),
    ("engagement", "customer_name"),
    ("engagement", "legal_entity"),
    ("exception_item", "message"),
    ("exception_item", "suggestion"),
    ("exception_item", "key"),
    ("exception_line", "label"),
    ("exception_line", "subject"),
    ("project_transaction", "person"),
    ("project_transaction", "role"),
    ("project_transaction", "source_id"),
    ("feed_cursor", "problem"),
    ("agenda", "note"),
    ("effect", "label"),
    ("effect", "external_id"),
    ("invoice", "number"),
    ("audit_event", "actor"),
    ("project", "code"),
)


def poison(week: BusyWeek, text: str, without: tuple[str, ...] = ()) -> list[str]:
    """Write a text wherever texts come from outside; returns the pages that show them."""
    with week.database.transaction() as db:
        for table, column in TEXTS:
            if column in without:
                continue
            tail = " || source_id" if column == "source_id" else ""
            db.execute(f"update {table} set {column} = %s{tail}".encode(), [text])
        db.execute(
            "update audit_event set detail = jsonb_build_object('label', %(t)s::text, 'external_id', %(t)s::text,"
            " 'problem', %(t)s::text, 'text', %(t)s::text)",
            {"t": text},
        )
        db.execute("update approval set content = jsonb_build_object('name', %(t)s::text, %(t)s::text, 1)", {"t": text})
        db.execute(
            "insert into pause (scope, name, reason, paused_by) values ('connection', 'netsuite', %(t)s, %(t)s)",
            {"t": text},
        )
        numbers = [row["id"] for row in db.execute("select id from exception_item").fetchall()]
    return [
        "/",
        "/engagements",
        "/bulk",
        "/operations",
        "/exceptions",
        "/figures/backlog?by=customer",
        "/figures/open-exceptions",
        f"/engagements/{GRID}",
        *(f"/exceptions/{n}" for n in numbers),
    ]


def test_markup_and_template_code_of_others_is_only_text(client: httpx2.Client, week: BusyWeek) -> None:
    for path in poison(week, EVIL):
        answer = client.get(path)
        assert answer.status_code == 200, path
        page = Page(answer.text)
        assert page.faults == [], path
        assert "<img" not in answer.text, path
        assert "alert(1)" in page.text, path
        assert not any(link.startswith("javascript:") for link in page.links)


def test_a_search_for_markup_is_only_text(client: httpx2.Client, week: BusyWeek) -> None:
    page = Page(client.get("/engagements", params={"q": EVIL}).text)
    assert page.faults == []
    assert EVIL[:50] in page.text


def test_ten_megabytes_of_text_neither_break_nor_swell_a_page(client: httpx2.Client, week: BusyWeek) -> None:
    for path in poison(week, "🦊 O'Brien " + "x" * 1_000_000, without=("source_id", "code")):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert len(answer.content) < 400_000, path
        assert Page(answer.text).faults == [], path
    with week.database.transaction() as db:
        db.execute("update exception_item set message = repeat('wörd ', 2000000)")
    answer = client.get("/exceptions")
    assert answer.status_code == 200
    assert len(answer.content) < 400_000


def test_right_to_left_and_combining_text_is_kept(client: httpx2.Client, week: BusyWeek) -> None:
    name = "مشروع الشبكة · Łódź · 東京 · e\u0301"
    with week.database.transaction() as db:
        db.execute("update engagement set name = %s where id = %s", [name, GRID])
    assert name in client.get("/").text


def test_only_web_addresses_of_vendors_become_links() -> None:
    for address, safe in (("javascript:alert(1)", None), ("https://x.example/1", "https://x.example/1"), (None, None)):
        card = SystemCard(
            connection="x",
            system="X",
            connector="x",
            account="1",
            roles=("crm",),
            record_url=lambda target, external_id, at=address: at,  # type: ignore[misc]
        )
        assert card.url("project", "1") == safe
    assert cards()["netsuite"].url(None, "1") is None
