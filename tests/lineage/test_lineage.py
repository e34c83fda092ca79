"""From an invoice's line to the approval behind it and back, with corrections that net out."""

from datetime import UTC, date, datetime
from decimal import Decimal

from tests.lane.world import PSA, entry, expense
from tests.lineage.conftest import Books


def plain(*amounts: Decimal | None) -> str:
    """Amounts as text, without digits that say nothing."""
    return " ".join("none" if amount is None else f"{amount.normalize():f}" for amount in amounts)


APPROVED = datetime(2026, 2, 5, 9, 30, tzinfo=UTC)


def test_a_billed_line_tells_its_whole_way(books: Books) -> None:
    books.pull(entry(71, 120, task_ref="st7", approved_by="dana@x", approved_at=APPROVED, note="Workshop"))
    books.post()
    assert books.bill("inv_1", "INV-7", paid="100") == 420
    books.pay("inv_1", "100")
    found = books.lineage("71")
    (version,) = found.versions
    assert (found.engagement, found.customer, found.project, found.code) == ("Build", "Bluepeak Energy", "Build", "P-1")
    assert (found.task, found.consultant) == ("Design", "tom@haldenmarsh.example")
    assert (version.approved_by, version.approved_at, version.note) == ("dana@x", APPROVED, "Workshop")
    assert version.contract is not None
    assert (version.contract.id, version.contract.version) == ("con_1", 1)
    assert version.rate is not None
    assert (plain(version.rate.amount), version.rate.card) == ("210", "contract version 1")
    assert version.rate.valid_from == date(2026, 1, 1)
    assert (plain(version.quantity, version.amount), version.currency) == ("120 420", "USD")
    assert version.batch is not None
    assert version.batch.state == "done"
    assert version.booking is not None
    assert (version.booking.place.system, version.booking.place.external_id) == ("NetSuite", "1")
    assert version.booking.place.url == "https://netsuite.example/time/1"
    invoice = version.invoice
    assert invoice is not None
    assert (invoice.number, invoice.line_id, plain(invoice.line_amount, invoice.paid)) == (
        "INV-7",
        "inv_1:1",
        "420 100",
    )
    assert [(plain(one.amount), one.paid_on) for one in invoice.payments] == [("100", date(2026, 3, 20))]
    assert version.page is not None
    assert version.page.stream == "psa:time"
    assert {(place.system, place.target, place.external_id) for place in found.places} == {
        ("Kantata", "project", "ws1"),
        ("NetSuite", "project", "e1"),
        ("Kantata", "wbs_element", "st7"),
        ("NetSuite", "wbs_element", "et7"),
    }


def test_corrections_after_the_invoice_are_a_chain_that_nets_out(books: Books) -> None:
    books.pull(entry(71, 120))
    books.post()
    books.bill("inv_1", "INV-7")
    books.pull(entry(71, 90, version=2))
    books.post()
    books.pull(entry(71, 60, version=3))
    books.post()
    books.pull(entry(72, 480))  # so that the next invoice is no credit
    assert books.bill("inv_2") == 1470
    found = books.lineage("71")
    assert [(plain(one.quantity), one.reversal, one.status) for one in found.versions] == [
        ("120", False, "invoiced"),
        ("-120", True, "invoiced"),
        ("90", False, "posted"),
        ("-90", True, "posted"),
        ("60", False, "invoiced"),
    ]
    assert [one.of for one in found.versions[1:]] == [
        found.versions[0].number,
        found.versions[0].number,
        found.versions[2].number,
        found.versions[2].number,
    ]
    assert plain(found.net.wanted, found.net.booked, found.net.invoiced) == "60 60 60"
    assert plain(found.net.wanted_amount, found.net.invoiced_amount) == "210 210"
    assert found.newest is found.versions[-1]


def test_every_version_leads_to_the_same_chain(books: Books) -> None:
    books.pull(entry(71, 120))
    books.post()
    books.pull(entry(71, 90, version=2))
    books.post()
    found = books.lineage("71")
    for version in found.versions:
        assert books.lineage(version.id) == found
        assert books.lineage(version.reference) == found


def test_a_withdrawn_approval_leaves_nothing_booked(books: Books) -> None:
    books.pull(entry(71, 120))
    books.post()
    books.pull(entry(71, 120, version=2, approved=False))
    books.post()
    found = books.lineage("71")
    assert [one.status for one in found.versions] == ["posted", "posted", "withdrawn"]
    assert plain(found.net.wanted, found.net.booked) == "0 0"


def test_a_line_that_waits_names_its_exception_and_has_no_price_yet(books: Books) -> None:
    books.pull(entry(71, role="Painter"))
    (exception,) = books.open_exceptions()
    (version,) = books.lineage("71").versions
    assert (version.status, version.exception, version.rate) == ("in_exception", exception["id"], None)


def test_costs_are_told_only_when_they_are_asked_for(books: Books) -> None:
    books.pull(entry(71, 120))
    assert books.lineage("71").versions[0].cost is None
    cost = books.lineage("71", with_costs=True).versions[0].cost
    assert cost is not None
    assert plain(cost.rate, cost.amount, cost.margin) == "95 190 230"


def test_an_id_is_found_whatever_system_it_comes_from(books: Books) -> None:
    books.pull(entry(71, 120), entry(72, 60))
    books.post()
    books.bill("inv_1", "INV-7")
    line = books.lineage("71").versions[0]
    assert [one.id for one in books.find("psa:time:71")] == ["psa:time:71"]
    assert [one.id for one in books.find(line.id)] == ["psa:time:71"]
    assert [f"{one.kind} {one.id}" for one in books.find("2")] == ["line psa:time:72"], "the ERP's id of the booking"
    for text in ("INV-7", "inv_1", "inv_1:1", "91"):
        assert [(one.kind, one.id, plain(one.amount)) for one in books.find(text)] == [("invoice", "inv_1", "630")], (
            text
        )
    for text in ("prj_1", "P-1", "ws1"):
        assert [f"{one.kind} {one.id}" for one in books.find(text)] == ["project prj_1"], text
    for text in ("eng_1", "build"):
        assert [f"{one.kind} {one.id}" for one in books.find(text)] == ["engagement eng_1"], text
    for text in ("", "nothing", "ptx_none", "psa:time:9", "a\0b", "x" * 400):
        assert books.find(text) == []


def test_an_id_that_stands_for_several_things_lists_them(books: Books) -> None:
    books.pull(entry(1, 60), entry(2, 60))
    books.pull(expense(1, "35.50"), kind="expense")
    books.post()
    assert [one.id for one in books.find("1")] == ["psa:expense:1", "psa:time:1"]
    assert books.lineage("psa:expense:1").net.wanted_amount == Decimal("35.50")
    with books.database.transaction() as db:
        db.execute("update erp_line set erp_id = '1' where erp_id = '2'")
    assert [one.id for one in books.find("1")] == ["psa:expense:1", "psa:time:1", "psa:time:2"]


def test_a_line_that_is_on_no_invoice_is_found_by_its_own_id(books: Books) -> None:
    books.pull(entry(71), entry(72))
    own = books.lineage(f"{PSA}:time:72").versions[0].id
    assert [one.id for one in books.find(own)] == ["psa:time:72"]
