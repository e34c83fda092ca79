"""Customers, projects, tasks and contracts in the real Tryton, read back by the finance department's own hands."""

from decimal import Decimal
from typing import Any

import pytest

from tests.connectors.tryton.books import Books, amount_of, hours_of
from tests.connectors.tryton.records import KEY, Story, begun, ensured
from tieline.connectors.tryton.erp import TrytonErp
from tieline.connectors.tryton.party import identifier_type
from tieline.mapping import MappingFailed
from tieline.model.customer import Address
from tieline.sdk.errors import Rejected, Unavailable
from tieline.sdk.operation import Operation, Written
from tieline.sdk.roles import Erp


def party_of(books: Books, identifier: str) -> dict[str, Any]:
    fields = "name code customer_payment_term.name customer_currency.code sale_invoice_method tax_identifier.code"
    return books.row("party.party", identifier, *fields.split())


def test_a_customer_is_a_party_with_address_contact_and_tax_number(erp: Erp, books: Books, story: Story) -> None:
    customer = story.customer()
    identifier = ensured(erp.ensure_customer, customer)
    party = party_of(books, identifier)
    assert (party["name"], party["code"]) == (customer.name, customer.subject)
    assert party["customer_payment_term."]["name"] == "Net 30"
    assert party["customer_currency."]["code"] == "EUR"
    assert party["tax_identifier."]["code"] == "DE136695976"
    assert party["sale_invoice_method"] == "manual"
    own = [["party", "=", int(identifier)]]
    (address,) = books.rows("party.address", own, "street", "city", "postal_code", "country.code", "subdivision.code")
    assert (address["street"], address["city"], address["postal_code"]) == ("Hafenstr. 7", "Hamburg", "20457")
    assert (address["country."]["code"], address["subdivision."]["code"]) == ("DE", "DE-HH")
    contacts = books.rows("party.contact_mechanism", own, "type", "value")
    assert {row["type"]: row["value"] for row in contacts} == {
        "email": "ap@obrien.example",
        "phone": "+49 40 123456",
    }


def test_the_same_customer_twice_is_one_party_with_one_of_each(erp: Erp, books: Books, story: Story) -> None:
    identifier = ensured(erp.ensure_customer, story.customer())
    operation = erp.ensure_customer
    again = operation.create(operation.render(story.customer(), {}), KEY)  # as after an unclear end: sent again at once
    assert ensured(erp.ensure_customer, story.customer(), identifier) == identifier
    assert again == Written(identifier)
    own = [["party", "=", int(identifier)]]
    counts = [
        len(books.rows(model, own, "id")) for model in ("party.address", "party.contact_mechanism", "party.identifier")
    ]
    assert counts == [1, 2, 1]


def test_a_customer_made_by_hand_is_changed_in_place(erp: Erp, books: Books, story: Story) -> None:
    mechanism = {"type": "email", "value": "kept@people.example"}
    by_hand = {"name": "X", "code": f"K-{story.tag[:8]}", "contact_mechanisms": [["create", [mechanism]]]}
    identifier = str(books.call("party.party", "create", [by_hand])[0])
    ensured(erp.ensure_customer, story.customer(), identifier)
    moved = Address(street="Kai 1", city="Bremen", region="HB", postal_code="28195", country="DE")
    changed = story.customer(
        payment_terms="NET60", billing_address=moved, email="new@obrien.example", tax_id="FR40303265045"
    )
    ensured(erp.ensure_customer, changed, identifier)
    party = party_of(books, identifier)
    assert party["code"] == f"K-{story.tag[:8]}"  # the number is Tryton's
    assert party["customer_payment_term."]["name"] == "Net 60"
    own = [["party", "=", int(identifier)]]
    (address,) = books.rows("party.address", own, "city", "subdivision.code")
    assert (address["city"], address["subdivision."]["code"]) == ("Bremen", "DE-HB")
    emails = {row["value"] for row in books.rows("party.contact_mechanism", [*own, ["type", "=", "email"]], "value")}
    assert emails == {"kept@people.example", "new@obrien.example"}
    numbers = [row["code"] for row in books.rows("party.identifier", own, "code")]
    assert numbers == ["FR40303265045"]


def test_people_with_the_same_name_or_tax_number_are_candidates(erp: Erp, books: Books, story: Story) -> None:
    customer = story.customer(tax_id="DE811569869")
    by_hand = {"name": customer.name, "code": f"H-{story.tag[:8]}"}
    (made,) = books.call("party.party", "create", [by_hand])
    number = {"type": "eu_vat", "code": "DE811569869"}
    other = {"name": "Another name", "code": f"I-{story.tag[:8]}", "identifiers": [["create", [number]]]}
    (same_number,) = books.call("party.party", "create", [other])
    operation = erp.ensure_customer
    assert operation.candidates is not None
    candidates = operation.candidates(operation.render(customer, {}))
    assert {found.external_id for found in candidates} == {str(made), str(same_number)}
    ensured(operation, customer)
    assert len(operation.candidates(operation.render(customer, {}))) == 2  # our own is none


def test_a_customer_tryton_refuses_names_the_customer_and_the_reason(erp: Erp, story: Story) -> None:
    with pytest.raises(Rejected, match=r"Customer 'O'Brien .*VAT Number \"DE123\".* is not valid"):
        ensured(erp.ensure_customer, story.customer(tax_id="DE123"))
    with pytest.raises(Rejected, match="no currency 'XYZ'") as refused:
        ensured(erp.ensure_customer, story.customer(currency="XYZ"))
    assert (refused.value.kind, refused.value.key, refused.value.owner) == ("master_data", "XYZ", "finance")
    lost = Address(street="x", city="y", country="DE", region="Atlantis")
    with pytest.raises(Rejected, match="no subdivision 'Atlantis"):
        ensured(erp.ensure_customer, story.customer(billing_address=lost))
    with pytest.raises(MappingFailed, match="NET90"):
        erp.ensure_customer.render(story.customer(payment_terms="NET90"), {})


def test_a_customer_of_a_country_without_listed_regions_and_without_address_is_taken(
    erp: Erp, books: Books, story: Story
) -> None:
    far = Address(street="1 Queen St", city="Suva", region="Central", country="FJ")
    identifier = ensured(erp.ensure_customer, story.customer(billing_address=far, tax_id=None))
    bare = Story()
    ensured(erp.ensure_customer, bare.customer(billing_address=Address(), email=None, phone=None, tax_id=None))
    (address,) = books.rows("party.address", [["party", "=", int(identifier)]], "country.code", "subdivision")
    assert (address["country."]["code"], address["subdivision"]) == ("FJ", None)


def test_tax_numbers_are_checked_by_the_rules_of_their_country() -> None:
    assert identifier_type("DE136695976", "US") == "eu_vat"
    assert identifier_type("12-3456789", "US") == "us_ein"
    assert identifier_type("4711", "FJ") is None
    assert identifier_type("4711", None) is None


def test_a_project_is_a_tree_of_works_that_bears_time_and_bills_nothing_itself(
    erp: Erp, books: Books, story: Story
) -> None:
    ids = begun(erp, story)
    fields = ("name", "type", "party", "project_invoice_method", "timesheet_available", "parent", "comment")
    project = books.row("project.work", ids.project, *fields)
    task = books.row("project.work", ids.task, "effort_duration", *fields)
    assert project["name"] == f"HM-{story.tag[:4]} Port data platform"
    assert (project["type"], project["party"], project["project_invoice_method"]) == (
        "project",
        int(ids.customer),
        "manual",
    )
    assert (task["name"], task["parent"]) == ("1.1 Design", int(ids.project))
    assert hours_of(task["effort_duration"]) == Decimal("37.5")
    assert project["timesheet_available"]
    assert task["timesheet_available"]
    assert task["comment"] == f"wbs_1_{story.tag}"


def test_a_second_try_finds_project_and_task_by_our_reference(erp: Erp, story: Story) -> None:
    ids = begun(erp, story)
    assert begun(erp, story) == ids
    neighbour = Story(tag=story.tag[:-1])  # a reference that begins like ours is not ours
    assert erp.ensure_project.find is not None
    payload = erp.ensure_project.render(neighbour.project(), {"customer": ids.customer})
    assert erp.ensure_project.find(payload) == []


def test_a_task_under_a_phase_moves_and_changes_with_the_contract(erp: Erp, books: Books, story: Story) -> None:
    ids = begun(erp, story)
    phase = ensured(erp.ensure_wbs_element, story.task(2, name="Build"), project=ids.project)
    books.call("project.work", "write", [int(ids.task)], {"progress": 0.5})
    more = story.task(name="Design and test", planned_hours=Decimal(80))
    ensured(erp.ensure_wbs_element, more, ids.task, project=ids.project, parent=phase)
    task = books.row("project.work", ids.task, "name", "parent", "effort_duration", "progress")
    assert (task["name"], task["parent"]) == ("1.1 Design and test", int(phase))
    assert hours_of(task["effort_duration"]) == 80
    assert task["progress"] == Decimal("0.5")


def test_a_withdrawn_project_is_finished_with_its_tasks_and_not_deleted(erp: Erp, books: Books, story: Story) -> None:
    ids = begun(erp, story)
    assert erp.ensure_project.withdraw is not None
    erp.ensure_project.withdraw(ids.project)
    erp.ensure_project.withdraw(ids.project)
    states = [books.row("project.work", one, "status.name")["status."]["name"] for one in (ids.project, ids.task)]
    assert states == ["Done", "Done"]


def test_a_finished_project_is_opened_again_with_its_tasks(erp: Erp, books: Books, story: Story) -> None:
    ids = begun(erp, story)
    assert erp.ensure_project.withdraw is not None
    assert erp.ensure_project.take_up is not None
    erp.ensure_project.withdraw(ids.project)
    for _ in range(2):
        erp.ensure_project.take_up(ids.project)
    states = [books.row("project.work", one, "status.name")["status."]["name"] for one in (ids.project, ids.task)]
    assert states == ["Open", "Open"]


def sale_of(books: Books, identifier: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    fields = ("state", "number", "invoice_method", "untaxed_amount", "tax_amount", "description", "reference")
    lines = books.rows(
        "sale.line", [["sale", "=", int(identifier)]], "product.code", "quantity", "unit_price", "amount"
    )
    return books.row("sale.sale", identifier, "payment_term.name", *fields), lines


def test_a_contract_is_a_quotation_with_our_lines_and_prices(erp: Erp, books: Books, story: Story) -> None:
    ids = begun(erp, story)
    links = {"customer": ids.customer, "project": ids.project}
    identifier = ensured(erp.ensure_contract, story.contract(), **links)
    sale, lines = sale_of(books, identifier)
    assert (sale["state"], sale["invoice_method"]) == ("quotation", "manual")
    assert sale["reference"] == f"con_{story.tag}:DE"
    assert sale["description"] == "PO 4500017 - Port data platform"
    assert amount_of(sale["untaxed_amount"]) == Decimal(50000)
    assert amount_of(sale["tax_amount"]) == Decimal(9500)
    assert [line["product."]["code"] for line in lines] == ["SVC-SC", "SVC-DE", "SVC-FIXED"]
    assert ensured(erp.ensure_contract, story.contract(), **links) == identifier


def test_a_change_order_changes_the_quotation_and_keeps_its_number(erp: Erp, books: Books, story: Story) -> None:
    ids = begun(erp, story)
    links = {"customer": ids.customer, "project": ids.project}
    identifier = ensured(erp.ensure_contract, story.contract(), **links)
    before, _ = sale_of(books, identifier)
    lines = (story.part("Engagement Manager", "10", "260.12345", "2601.23"),)
    changed = story.contract(lines=lines, payment_terms="NET60", tax_treatment="reverse_charge")
    ensured(erp.ensure_contract, changed, identifier, **links)
    after, lines_after = sale_of(books, identifier)
    assert (after["number"], after["state"]) == (before["number"], "quotation")
    assert after["payment_term."]["name"] == "Net 60"
    assert amount_of(after["untaxed_amount"]) == Decimal("2601.23")
    assert amount_of(after["tax_amount"]) == 0
    work, rounding = lines_after  # ten times 260.1235, which Tryton holds, is a cent more
    assert (work["product."]["code"], rounding["product."]) == ("SVC-EM", None)
    assert amount_of(rounding["amount"]) == Decimal("-0.01")


def test_a_contract_that_finance_confirmed_is_finances_to_amend(erp: Erp, books: Books, story: Story) -> None:
    ids = begun(erp, story)
    links = {"customer": ids.customer, "project": ids.project}
    identifier = ensured(erp.ensure_contract, story.contract(), **links)
    books.call("sale.sale", "confirm", [int(identifier)])
    with pytest.raises(Rejected, match=r"Contract 'Port data platform': sale .* is processing in Tryton") as why:
        ensured(erp.ensure_contract, story.contract(payment_terms="NET14"), identifier, **links)
    assert why.value.owner == "finance"
    assert erp.ensure_contract.withdraw is not None
    with pytest.raises(Rejected, match="is processing"):
        erp.ensure_contract.withdraw(identifier)


def test_a_withdrawn_contract_is_cancelled(erp: Erp, books: Books, story: Story) -> None:
    ids = begun(erp, story)
    links = {"customer": ids.customer, "project": ids.project}
    identifier = ensured(erp.ensure_contract, story.contract(), **links)
    assert erp.ensure_contract.withdraw is not None
    erp.ensure_contract.withdraw(identifier)
    erp.ensure_contract.withdraw(identifier)
    assert sale_of(books, identifier)[0]["state"] == "cancelled"
    with pytest.raises(Rejected, match="is cancelled"):
        ensured(erp.ensure_contract, story.contract(), identifier, **links)


def test_all_missing_codes_of_a_contract_are_told_at_once(erp: Erp, story: Story) -> None:
    contract = story.contract(
        payment_terms="NET90", lines=(story.part("Sr. Architect", "1", "295", "295"),), tax_treatment="standard"
    )
    with pytest.raises(MappingFailed, match=r"Role 'Sr\. Architect' has no product in Tryton"):
        erp.ensure_contract.render(contract, {"customer": "1", "project": "1"})


def operations(erp: Erp, story: Story) -> list[tuple[Operation[Any], str]]:
    ids = begun(erp, story)
    links = {"customer": ids.customer, "project": ids.project}
    contract = ensured(erp.ensure_contract, story.contract(), **links)
    invoice = ensured(erp.ensure_invoice, story.invoice(), **links)
    return [
        (erp.ensure_customer, ids.customer),
        (erp.ensure_project, ids.project),
        (erp.ensure_wbs_element, ids.task),
        (erp.ensure_contract, contract),
        (erp.ensure_invoice, invoice),
    ]


def test_what_is_read_back_is_stable_and_tells_a_change_by_hand(erp: Erp, books: Books, story: Story) -> None:
    written = operations(erp, story)
    for operation, identifier in written:
        assert operation.read_back is not None
        stored = operation.read_back(identifier)
        assert operation.read_back(identifier) == stored
        assert story.tag in stored["reference"]
    erp_customer, identifier = written[0]
    assert erp_customer.read_back is not None
    before = erp_customer.read_back(identifier)
    books.call("party.party", "write", [int(identifier)], {"name": "By hand"})
    assert erp_customer.read_back(identifier) == {**before, "name": "By hand"}


def test_a_record_that_is_gone_is_refused_and_never_made_again(erp: Erp, story: Story) -> None:
    for operation, _ in operations(erp, story):
        assert operation.read_back is not None
        with pytest.raises(Rejected, match="does not exist in Tryton any more") as refused:
            operation.read_back("999999")
        assert refused.value.kind == "master_data"
    with pytest.raises(Rejected, match="does not exist"):
        ensured(erp.ensure_customer, story.customer(), "999999")


def test_an_update_that_met_a_change_by_somebody_else_is_not_written(erp: Erp, books: Books, story: Story) -> None:
    identifier = ensured(erp.ensure_customer, story.customer())
    assert isinstance(erp, TrytonErp)
    seen = erp.site.one("party.party", int(identifier), ["_timestamp"])["_timestamp"]
    books.call("party.party", "write", [int(identifier)], {"name": "By hand"})
    with pytest.raises(Unavailable, match="changed by somebody else"):
        erp.site.client.write("party.party", int(identifier), {"name": "Late"}, seen)
    assert party_of(books, identifier)["name"] == "By hand"


def test_a_long_text_with_every_kind_of_letter_arrives_whole(erp: Erp, books: Books, story: Story) -> None:
    text = "'; drop table party_party; -- \\ % _ \" 😀 " * 400
    identifier = ensured(erp.ensure_customer, story.customer(name=text))
    assert party_of(books, identifier)["name"] == text.strip()


def test_what_tryton_cannot_hold_is_declared_and_never_sent(erp: Erp) -> None:
    for operation in (erp.ensure_billing_schedule, erp.ensure_cost_forecast):
        assert operation.support == "unsupported"


def test_fields_that_tryton_owns_are_never_written(erp: Erp, story: Story) -> None:
    payload = erp.ensure_customer.render(story.customer(erp_number="4711"), {})
    assert "4711" not in str(payload)


def test_a_record_opens_in_the_web_client(erp: Erp) -> None:
    url = erp.record_url("invoice", "5")
    assert url is not None
    assert url.endswith("/model/account.invoice/5")
    assert erp.record_url("notice", "5") is None
