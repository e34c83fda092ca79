"""Every page answers, is sound HTML for browsers and screen readers, and says what it should."""

import httpx2
import pytest

from tests.console.pages import Page
from tests.console.week import CLAIMS, GRID, TREASURY, BusyWeek
from tests.flows.deals import FIRM
from tests.flows.orders import delta, order
from tieline.engine.controls import pause
from tieline.flows.amendment import apply_change_order
from tieline.store.canonical import add_contract_version, contract_of_engagement
from tieline.store.versions import hold_version

PAGES = (
    "/",
    "/engagements",
    "/engagements?show=trouble",
    "/engagements?q=nothing",
    "/exceptions",
    "/exceptions?owner=sales&kind=mapping&sla=broken&days=3&see=everything&sort=newest",
    "/bulk",
    "/bulk?kind=mapping",
    "/operations",
    "/reconciliation",
    "/replays",
    "/lineage",
    "/answers/invoice-ready",
    "/answers/failed-entries",
    "/answers/contract-changes",
    "/answers/margin",
    "/wip",
    "/wip?by=customer&entity=US",
    "/collections",
    "/capacity",
    "/capacity?role=Consultant&region=EMEA&weeks=4",
    "/master-data",
    "/master-data/owners",
    "/master-data/reference",
    "/figures",
    "/figures?about=Billing&period=2026-10&entity=US",
    "/figures/wip",
    "/figures/dso?by=customer",
)


def read(client: httpx2.Client, path: str, status: int = 200) -> Page:
    answer = client.get(path)
    if answer.status_code == 303:
        answer = client.get(answer.headers["Location"])
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    page = Page(answer.text)
    assert page.faults == [], path
    assert page.headings.count("h1") == 1, path
    return page


def numbers(week: BusyWeek) -> dict[str, int]:
    with week.database.connection() as db:
        rows = db.execute("select kind, id from exception_item").fetchall()
    return {row["kind"]: row["id"] for row in rows}


def test_every_page_is_sound_when_nothing_has_happened_yet(client: httpx2.Client) -> None:
    for path in PAGES:
        read(client, path)
    assert "No deal is won yet" in read(client, "/").text
    assert "Nothing waits for a person" in read(client, "/exceptions?sla=broken").text.replace("now.", "")


def test_a_colour_no_engagement_has_is_not_told_as_if_there_were_no_deals(
    client: httpx2.Client, week: BusyWeek
) -> None:
    page = read(client, "/engagements?colour=amber")
    assert "No engagement is amber." in page.text
    assert "No deal has become" not in page.text


def test_every_page_is_sound_in_a_busy_week(client: httpx2.Client, week: BusyWeek) -> None:
    pause(week.database, "entity", "DE", "year end", "Priya Raman")
    pause(week.database, "connection", "kantata", "maintenance", "Priya Raman")
    engagements = [f"/engagements/{name}{more}" for name in (GRID, TREASURY, CLAIMS) for more in ("", "?thread=money")]
    exceptions = [f"/exceptions/{number}" for number in numbers(week).values()]
    for path in (*PAGES, *engagements, f"/engagements/{GRID}?thread=open&before=20", *exceptions):
        read(client, path)


def test_every_link_of_every_page_leads_somewhere(client: httpx2.Client, week: BusyWeek) -> None:
    seen: set[str] = set()
    wanted = ["/"]
    while wanted:
        path = wanted.pop()
        if path in seen or len(seen) > 60:
            continue
        seen.add(path)
        for link in read(client, path).links:
            target = link.partition("#")[0]
            if target.partition("?")[0].endswith("/csv"):
                assert client.get(target).headers["content-type"].startswith("text/csv")
            elif target.startswith("/") and target not in seen:
                wanted.append(target)
            elif not target.startswith("/"):
                assert target == "" or target.startswith("https://"), link
    assert f"/engagements/{GRID}" in seen
    assert len(seen) > 15


def test_the_home_page_says_first_what_waits_and_what_it_holds_back(client: httpx2.Client, week: BusyWeek) -> None:
    text = " ".join(read(client, "/").text.split())
    assert "5 exceptions wait for a person. They hold back EUR 88,000.00 and USD 312,312.50." in text
    assert "Open 5 1 approval among them" in text
    assert "Past their deadline 0 none at risk" in text
    assert "5 time entries wait: Role 'Sr. Architect' has no service item in NetSuite USD 11,062.50" in text
    assert "5 time entries (USD 11,062.50) wait: Role 'Sr. Architect' has no service item in NetSuite" in text


def test_the_list_of_engagements_says_how_many_need_a_person(client: httpx2.Client, week: BusyWeek) -> None:
    text = " ".join(read(client, "/engagements").text.split())
    assert "5 exceptions wait for a person, and with them 2 of 4 engagements." in text
    assert "They hold back EUR 88,000.00 and USD 312,312.50." in text
    assert "1 more waits and goes on by itself." in text


@pytest.mark.parametrize("query", ["q=grid", "show=trouble", "show=all&q=x"])
def test_old_addresses_of_the_list_of_engagements_lead_to_it(client: httpx2.Client, query: str) -> None:
    answer = client.get(f"/?{query}")
    assert (answer.status_code, answer.headers["Location"]) == (308, f"/engagements?{query}")


def test_an_engagement_says_where_it_stands_why_and_who_acts(client: httpx2.Client, week: BusyWeek) -> None:
    text = " ".join(read(client, f"/engagements/{GRID}").text.split())
    assert "Where it stands Billing step 3 of 4, 69.7 % of the budget used" in text
    assert "needs a person Role 'Sr. Architect' has no service item in NetSuite Exception" in text
    assert "Who must act Finance" in text
    assert "All approved lines 65 USD 89,437.50" in text
    assert "USD 89,437.50 of 128,400.00 used, 69.7 %. 487.50 of 700 hours." in text


def test_records_link_into_the_vendors_own_screens(client: httpx2.Client, week: BusyWeek) -> None:
    links = read(client, f"/engagements/{GRID}").links
    assert any(link.startswith("https://netsuite.example/project/") for link in links)
    assert any(link.startswith("https://kantata.example/project/") for link in links)
    assert any(link.startswith("https://salesforce.example/project/") for link in links)


def test_a_long_timeline_is_paged(client: httpx2.Client, week: BusyWeek) -> None:
    with week.database.transaction() as db:
        for number in range(150):
            week.event(db, "effect.confirmed", TREASURY, week.now, label=f"Step {number}", object_="kantata:project:x")
    first = read(client, f"/engagements/{TREASURY}")
    older = next(link for link in first.links if "before=" in link).partition("#")[0]
    second = read(client, older)
    assert "Step 149" in first.text
    assert "Step 89" not in first.text
    assert "Step 89" in second.text
    assert "Step 90" not in second.text


def test_a_script_that_has_seen_the_newest_state_is_told_so(client: httpx2.Client, week: BusyWeek) -> None:
    page = client.get(f"/engagements/{TREASURY}").text
    poll = page.partition('id="live" hx-get="')[2].partition('"')[0].replace("&amp;", "&")
    assert client.get(poll).status_code == 204
    with week.database.transaction() as db:
        week.event(db, "invoice.changed", TREASURY, week.now, label="Invoice paid", object_="netsuite:invoice:x")
    assert "Invoice paid" in client.get(poll).text


def test_pages_of_engagements_follow_each_other(client: httpx2.Client, week: BusyWeek) -> None:
    with week.database.transaction() as db:
        db.execute(
            "insert into engagement (id, name, customer_id, customer_name, opened_at) select 'eng_' || n, 'Deal ' || n,"
            " 'c', 'C', now() - make_interval(days => n) from generate_series(300, 360) n"
        )
    first = read(client, "/engagements")
    assert "Deal 300" in first.text
    assert "Deal 360" not in first.text
    following = read(client, next(link for link in first.links if "after=" in link))
    assert "Deal 360" in following.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing", 404),
        ("/engagements/eng_none", 404),
        ("/engagements/%00", 404),
        ("/exceptions/999", 404),
        ("/exceptions/abc", 422),
        ("/exceptions/99999999999999999999", 422),
        ("/exceptions?after=nonsense", 422),
        ("/?after=nonsense", 422),
        ("/engagements?after=nonsense", 422),
        ("/engagements?show=cats", 422),
        (f"/engagements?q={'x' * 201}", 422),
        ("/operations/pause", 405),
        ("/static/nothing.css", 404),
        ("/static/..%2f..%2fapplication.py", 404),
    ],
)
def test_what_is_not_there_is_a_page_that_says_so(client: httpx2.Client, path: str, status: int) -> None:
    page = read(client, path, status)
    assert "Go to the engagements" in page.text


def test_a_fault_of_ours_is_a_page_with_a_number_and_no_trace(client: httpx2.Client, week: BusyWeek) -> None:
    with week.database.transaction() as db:
        db.execute("alter table engagement rename to gone")
    answer = client.get("/")
    assert answer.status_code == 500
    page = Page(answer.text)
    assert page.faults == []
    assert "the fault is Tieline's" in page.text
    assert "req_" in page.text
    assert "relation" not in page.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_answers_carry_the_policy_that_forbids_foreign_and_inline_scripts(client: httpx2.Client) -> None:
    for path in ("/", "/nothing"):
        headers = client.get(path).headers
        assert "script-src 'self'; style-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 421


def test_files_with_their_version_are_kept_for_ever_and_others_are_not(client: httpx2.Client) -> None:
    page = client.get("/").text
    sheet = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
    answer = client.get(sheet)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"].startswith("text/css")
    assert client.get("/static/tieline.css").headers["Cache-Control"] == "no-cache"


def test_everything_the_style_sheet_names_is_there(client: httpx2.Client) -> None:
    sheet = client.get("/static/tieline.css").text
    icons = client.get("/static/vendor/icons.svg").text
    named = {part.partition(")")[0] for part in sheet.split("url(")[1:]}
    for name in named:
        file, _, icon = name.partition("#")
        if file:
            assert client.get(f"/static/{file}").status_code == 200, name
        if icon and file:
            assert f'id="{icon}"' in icons, name


def test_the_reader_chooses_light_or_dark_and_no_page_flashes(client: httpx2.Client) -> None:
    client.cookies.set("tieline_theme", "dark")
    assert '<html lang="en" data-theme="dark">' in client.get("/").text
    client.cookies.set("tieline_theme", '"><script>')
    assert "<script>" not in client.get("/").text


def test_the_engagement_shows_what_each_version_of_its_contract_changed(client: httpx2.Client, week: BusyWeek) -> None:
    with week.database.transaction() as db:
        first = contract_of_engagement(db, GRID)
        assert first is not None
        wider = order(delta("add", description="<Training>", amount="2500"), effective_from=first.start_date)
        second = apply_change_order(first, wider, FIRM)
        add_contract_version(db, second)
        hold_version(db, f"prj_{GRID}", 1, {"erp": "netsuite"})
    page = Page(client.get(f"/engagements/{GRID}").text)
    assert page.faults == []
    for words in (
        "Contract versions",
        "new: <Training>, USD 2,500.00",
        "approved by cora@bluepeak.example",
        "CO-1: The customer wants more",
    ):
        assert words in page.text
