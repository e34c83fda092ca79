"""The sweep of changed invoices: nothing is skipped, a restart changes nothing, payments bring their invoices back."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.connectors.netsuite import records as r
from tests.connectors.netsuite.ledgers import Connecting, Ledgers
from tieline.sdk.errors import Rejected
from tieline.sdk.feed import Changed
from tieline.sdk.roles import Erp

MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def links(erp: Erp) -> dict[str, str]:
    return r.booked(erp)


def make(ledgers: Ledgers, links: dict[str, str], number: int) -> list[str]:
    """Approved invoices made in NetSuite, many in the same second."""
    item = {"item": {"id": ledgers.ids["item"]["fixed"]}, "quantity": 1, "rate": 10, "amount": 10}
    common = {"entity": {"id": links["customer"]}, "approvalStatus": {"id": "2"}, "item": {"items": [item]}}
    return [ledgers.create("invoice", **common) for _ in range(number)]


def sweep(erp: Erp, cursor: str | None) -> tuple[list[Changed], str, int]:
    """One round: pages until there is no more."""
    found: list[Changed] = []
    pages = 0
    while True:
        page = erp.list_changed_invoices(cursor)
        found += page.items
        cursor = page.cursor
        pages += 1
        assert pages < 200
        if not page.more:
            return found, cursor, pages


def test_more_than_two_pages_of_one_second_are_all_found(
    ledgers: Ledgers, connecting: Connecting, links: dict[str, str]
) -> None:
    erp = connecting(page_size=3).erp
    assert erp is not None
    made = make(ledgers, links, 10)
    found, _, pages = sweep(erp, None)
    assert [change.external_id for change in found] == made
    assert pages >= 4
    assert {change.record for change in found} == {"invoice"}


def test_the_version_is_the_moment_of_change_in_microseconds(ledgers: Ledgers, erp: Erp, links: dict[str, str]) -> None:
    [invoice] = make(ledgers, links, 1)
    [change] = sweep(erp, None)[0]
    stamp = datetime.fromisoformat(ledgers.read("invoice", invoice)["lastModifiedDate"])
    assert change.version == (stamp - datetime(1970, 1, 1, tzinfo=UTC)) // MICROSECOND
    assert change.version == erp.read_invoice(invoice).source_version


def test_the_cursor_survives_a_restart_in_the_middle_of_a_round(
    ledgers: Ledgers, connecting: Connecting, links: dict[str, str]
) -> None:
    made = make(ledgers, links, 5)
    first, second = connecting(page_size=2).erp, connecting(page_size=2).erp
    assert first is not None
    assert second is not None
    page = first.list_changed_invoices(None)
    rest, _, _ = sweep(second, page.cursor)
    assert [change.external_id for change in [*page.items, *rest]] == made


def test_an_invoice_that_moves_while_we_page_pushes_no_other_past_us(
    ledgers: Ledgers, connecting: Connecting, links: dict[str, str]
) -> None:
    erp = connecting(page_size=2).erp
    assert erp is not None
    made = make(ledgers, links, 6)
    page = erp.list_changed_invoices(None)
    ledgers.later(10)
    ledgers.change("invoice", made[0], memo="moved to the end")
    rest, _, _ = sweep(erp, page.cursor)
    assert {change.external_id for change in [*page.items, *rest]} == set(made)


def test_the_next_round_re_reads_the_overlap_and_no_more(
    ledgers: Ledgers, connecting: Connecting, links: dict[str, str]
) -> None:
    erp = connecting(overlap_minutes=5).erp
    assert erp is not None
    old = make(ledgers, links, 1)
    ledgers.later(3600)
    recent = make(ledgers, links, 1)
    found, cursor, _ = sweep(erp, None)
    assert [change.external_id for change in found] == old + recent
    for _ in range(3):  # a quiet feed does not walk backwards
        found, cursor, _ = sweep(erp, cursor)
        assert [change.external_id for change in found] == recent


def test_a_payment_brings_its_invoice_back(ledgers: Ledgers, connecting: Connecting, links: dict[str, str]) -> None:
    erp = connecting(overlap_minutes=0).erp
    assert erp is not None
    quiet, paid = make(ledgers, links, 2)
    ledgers.later(60)
    _, cursor, _ = sweep(erp, None)
    ledgers.pay(paid, Decimal(4), links["customer"])
    found, cursor, _ = sweep(erp, cursor)
    assert paid in {change.external_id for change in found}
    ledgers.later(60)
    _, cursor, _ = sweep(erp, cursor)
    ledgers.later(60)
    found, _, _ = sweep(erp, cursor)
    assert quiet not in {change.external_id for change in found}


def test_a_payment_of_many_invoices_across_pages_names_them_all(
    ledgers: Ledgers, connecting: Connecting, links: dict[str, str]
) -> None:
    erp = connecting(page_size=2, overlap_minutes=0).erp
    assert erp is not None
    made = make(ledgers, links, 7)
    rows = [{"doc": {"id": ref}, "apply": True, "amount": 10} for ref in made]
    ledgers.later(60)
    _, cursor, _ = sweep(erp, None)
    payment = ledgers.create("customerPayment", customer={"id": links["customer"]}, payment=70, apply={"items": rows})
    ledgers.later(3600)
    ledgers.change("customerPayment", payment, memo="bank reference")  # moves the payment alone
    found, cursor, _ = sweep(erp, cursor)
    moment = ledgers.read("customerPayment", payment)["lastModifiedDate"]
    version = (datetime.fromisoformat(moment) - datetime(1970, 1, 1, tzinfo=UTC)) // MICROSECOND
    assert {change.external_id for change in found if change.version == version} == set(made)


def test_a_draft_of_ours_is_found_like_any_other(erp: Erp, links: dict[str, str]) -> None:
    invoice = r.write(erp.ensure_invoice, r.invoice(), **links)
    assert invoice in {change.external_id for change in sweep(erp, None)[0]}


def test_the_first_sweep_may_start_at_a_day(ledgers: Ledgers, connecting: Connecting, links: dict[str, str]) -> None:
    make(ledgers, links, 1)
    ledgers.later(10 * 86_400)
    [recent] = make(ledgers, links, 1)
    since = datetime.fromisoformat(ledgers.read("invoice", recent)["lastModifiedDate"]).date()
    erp = connecting(changes_since=since).erp
    assert erp is not None
    assert [change.external_id for change in sweep(erp, None)[0]] == [recent]


def test_moments_are_told_in_the_time_zone_of_the_integration_user(
    ledgers: Ledgers, connecting: Connecting, links: dict[str, str]
) -> None:
    make(ledgers, links, 1)
    utc, pacific = connecting().erp, connecting(time_zone="Etc/GMT+8").erp
    assert utc is not None
    assert pacific is not None
    [one], [other] = sweep(utc, None)[0], sweep(pacific, None)[0]
    assert other.version - one.version == timedelta(hours=8) // MICROSECOND


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "no json",
        "[]",
        '{"stream": "nothing", "after": null, "seen": {}}',
        '{"stream": "invoice", "after": [1], "seen": {}}',
        '{"stream": "invoice", "after": 3, "seen": {}}',
        '{"stream": "invoice", "after": null, "seen": {"invoice": "yesterday"}}',
        '{"stream": "invoice", "after": null, "seen": 5}',
    ],
)
def test_a_damaged_cursor_is_a_clear_error(erp: Erp, cursor: str) -> None:
    with pytest.raises(Rejected, match="position of the invoice sweep is damaged"):
        erp.list_changed_invoices(cursor)
