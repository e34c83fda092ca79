"""Customer, project, tasks, contract, plan and forecast in NetSuite: written once, changed in place, never deleted."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.connectors.netsuite import records as r
from tests.connectors.netsuite.ledgers import Connecting, Ledgers
from tieline.mapping import MappingFailed
from tieline.sdk.errors import Rejected
from tieline.sdk.operation import Operation
from tieline.sdk.roles import Erp

Case = tuple[Operation[Any], Any, Any, str]


def cases(erp: Erp) -> dict[str, Case]:
    """Operation, record, a changed record, NetSuite's record type."""
    return {
        "customer": (erp.ensure_customer, r.customer(), r.customer(email="billing@bluepeak.example"), "customer"),
        "project": (erp.ensure_project, r.project(), r.project(name="Grid modernisation II"), "job"),
        "wbs_element": (erp.ensure_wbs_element, r.task(), r.task(planned_hours=Decimal(99)), "projectTask"),
        "contract": (erp.ensure_contract, r.contract(), r.contract(lines=(r.contract_line(),)), "salesOrder"),
        "billing_schedule": (
            erp.ensure_billing_schedule,
            r.schedule(),
            r.schedule(items=r.schedule().items[:1]),
            "billingSchedule",
        ),
        "cost_forecast": (
            erp.ensure_cost_forecast,
            r.forecast(),
            r.forecast(hours=Decimal(40)),
            "resourceAllocation",
        ),
        "invoice": (
            erp.ensure_invoice,
            r.invoice(),
            r.invoice(lines=(r.invoice_line(quantity=Decimal(10), amount=Decimal(2100)),)),
            "invoice",
        ),
    }


ALL = ["customer", "project", "wbs_element", "contract", "billing_schedule", "cost_forecast", "invoice"]


def links_for(erp: Erp, name: str) -> dict[str, str]:
    """What the flow would have ensured before."""
    if name == "customer":
        return {}
    links = r.booked(erp) if name != "project" else {"customer": r.write(erp.ensure_customer, r.customer())}
    if name == "invoice":
        links["contract"] = r.write(erp.ensure_contract, r.contract(), **links)
    return links


@pytest.mark.parametrize("name", ALL)
def test_ensuring_twice_leaves_one_record_under_our_reference(ledgers: Ledgers, erp: Erp, name: str) -> None:
    operation, record, _, record_type = cases(erp)[name]
    links = links_for(erp, name)
    before = ledgers.count(record_type)
    first, second = r.write(operation, record, **links), r.write(operation, record, **links)
    assert first == second
    assert ledgers.count(record_type) == before + 1
    assert ledgers.id_of(record_type, record.subject) == first


@pytest.mark.parametrize("name", ALL)
def test_a_change_is_written_to_the_same_record_and_read_back(ledgers: Ledgers, erp: Erp, name: str) -> None:
    operation, record, changed, _ = cases(erp)[name]
    links = links_for(erp, name)
    record_id = r.write(operation, record, **links)
    assert operation.update is not None
    assert operation.read_back is not None
    before = operation.read_back(record_id)
    payload = operation.render(changed, links)
    operation.update(record_id, payload)
    after = operation.read_back(record_id)
    assert before != after
    assert after["externalId"] == record.subject
    operation.update(record_id, payload)
    assert operation.read_back(record_id) == after


@pytest.mark.parametrize("name", ALL)
def test_what_is_read_back_holds_only_fields_we_write(erp: Erp, name: str) -> None:
    operation, record, _, _ = cases(erp)[name]
    links = links_for(erp, name)
    record_id = r.write(operation, record, **links)
    assert operation.read_back is not None
    stored = operation.read_back(record_id)
    assert stored.keys() <= operation.render(record, links).keys()
    assert not {"links", "refName"} & set(str(stored).replace("'", " ").split())


@pytest.mark.parametrize("name", ALL)
def test_a_record_is_found_by_our_reference_only_once_it_is_there(erp: Erp, name: str) -> None:
    operation, record, _, _ = cases(erp)[name]
    links = links_for(erp, name)
    payload = operation.render(record, links)
    assert operation.find is not None
    assert operation.find(payload) == []
    record_id = r.write(operation, record, **links)
    assert [found.external_id for found in operation.find(payload)] == [record_id]


@pytest.mark.parametrize("name", ALL)
def test_withdrawing_closes_and_never_deletes(ledgers: Ledgers, erp: Erp, name: str) -> None:
    operation, record, _, record_type = cases(erp)[name]
    record_id = r.write(operation, record, **links_for(erp, name))
    before = ledgers.read(record_type, record_id)
    assert operation.withdraw is not None
    operation.withdraw(record_id)
    after = ledgers.read(record_type, record_id)
    del before["lastModifiedDate"], after["lastModifiedDate"]
    assert before != after


@pytest.mark.parametrize("name", ALL)
def test_rendering_is_pure_and_carries_our_reference(erp: Erp, name: str) -> None:
    operation, record, _, _ = cases(erp)[name]
    links = {"customer": "1", "project": "2", "contract": "3", "parent": "4"}
    assert operation.render(record, links) == operation.render(record, links)
    assert operation.render(record, links)["externalId"] == record.subject


def test_a_record_that_is_gone_is_rejected_when_read_back(erp: Erp) -> None:
    assert erp.ensure_project.read_back is not None
    with pytest.raises(Rejected) as caught:
        erp.ensure_project.read_back("987654")
    assert (caught.value.kind, caught.value.owner) == ("master_data", "finance")


def test_a_project_belongs_to_its_customer_with_budget_and_billing_type(ledgers: Ledgers, erp: Erp) -> None:
    links = r.booked(erp)
    stored = ledgers.read("job", links["project"])
    assert (stored["entityId"], stored["companyName"]) == ("BLU-001", "Grid modernisation")
    assert stored["parent"]["id"] == links["customer"]
    assert stored["jobBillingType"]["refName"] == "Time and Materials"
    assert (stored["estimatedRevenue"], stored["estimatedCost"]) == (Decimal(125000), Decimal("60000.50"))
    assert stored["department"]["refName"] == "Technology"
    assert (stored["startDate"], stored["projectedEndDate"]) == ("2026-12-01", "2027-03-31")


def test_a_project_made_by_hand_under_the_customer_is_a_candidate(ledgers: Ledgers, erp: Erp) -> None:
    buyer = r.write(erp.ensure_customer, r.customer())
    by_hand = ledgers.create("job", companyName="Grid modernisation", parent={"id": buyer})
    assert erp.ensure_project.candidates is not None
    found = erp.ensure_project.candidates(erp.ensure_project.render(r.project(), {"customer": buyer}))
    assert [one.external_id for one in found] == [by_hand]


def test_a_task_hangs_under_its_phase(ledgers: Ledgers, erp: Erp) -> None:
    project = r.booked(erp)["project"]
    phase = r.write(erp.ensure_wbs_element, r.task(id="wbs_0", name="Phase 1"), project=project)
    child = r.write(erp.ensure_wbs_element, r.task(billable=False), project=project, parent=phase)
    stored = ledgers.read("projectTask", child)
    assert (stored["project"]["id"], stored["parent"]["id"]) == (project, phase)
    assert (stored["estimatedWork"], stored["nonBillableTask"]) == (Decimal("120.5"), True)
    assert stored["startDateTime"] == "2026-12-01T12:00:00Z"


def test_a_contract_is_a_sales_order_with_a_line_per_role(ledgers: Ledgers, erp: Erp) -> None:
    links = r.booked(erp)
    order = r.write(erp.ensure_contract, r.contract(), **links)
    stored = ledgers.read("salesOrder", order)
    assert (stored["entity"]["id"], stored["job"]["id"]) == (links["customer"], links["project"])
    assert (stored["otherRefNum"], stored["terms"]["refName"]) == ("PO-77", "Net 30")
    lines = stored["item"]["items"]
    assert [(line["item"]["refName"], line["quantity"], line["amount"]) for line in lines] == [
        ("SVC-SC", Decimal(100), Decimal(21000)),
        ("SVC-CON", Decimal(10), Decimal(1650)),
    ]
    assert {line["department"]["refName"] for line in lines} == {"Technology"}


def test_a_change_order_replaces_all_lines_of_the_contract(ledgers: Ledgers, erp: Erp) -> None:
    links = r.booked(erp)
    order = r.write(erp.ensure_contract, r.contract(), **links)
    assert erp.ensure_contract.update is not None
    changed = r.contract(
        lines=(r.contract_line(item="fixed", quantity=Decimal(1), rate=Decimal(5), amount=Decimal(5)),)
    )
    erp.ensure_contract.update(order, erp.ensure_contract.render(changed, links))
    assert [line["item"]["refName"] for line in ledgers.read("salesOrder", order)["item"]["items"]] == ["SVC-FIXED"]


def test_a_withdrawn_contract_has_only_closed_lines(ledgers: Ledgers, erp: Erp) -> None:
    order = r.write(erp.ensure_contract, r.contract(), **r.booked(erp))
    assert erp.ensure_contract.withdraw is not None
    erp.ensure_contract.withdraw(order)
    lines = ledgers.read("salesOrder", order)["item"]["items"]
    assert [line["isClosed"] for line in lines] == [True, True]


def test_all_missing_codes_of_a_contract_are_named_at_once(erp: Erp) -> None:
    record = r.contract(currency="CHF", payment_terms="NET14")
    with pytest.raises(MappingFailed) as caught:
        erp.ensure_contract.render(record, {"customer": "1", "project": "2"})
    messages = [problem.message for problem in caught.value.problems]
    assert messages == [
        "Currency 'CHF' has no currency in NetSuite (internal id)",
        "Payment terms 'NET14' has no terms in NetSuite (internal id)",
    ]


def test_a_role_without_a_service_item_is_a_mapping_problem_naming_both_sides(erp: Erp) -> None:
    record = r.contract(lines=(r.contract_line(item="Sr. Architect"),))
    with pytest.raises(MappingFailed, match=r"Role 'Sr\. Architect' has no service item in NetSuite"):
        erp.ensure_contract.render(record, {"customer": "1", "project": "2"})


def test_a_milestone_plan_has_a_row_per_milestone(ledgers: Ledgers, erp: Erp) -> None:
    plan = r.write(erp.ensure_billing_schedule, r.schedule(), project=r.booked(erp)["project"])
    stored = ledgers.read("billingSchedule", plan)
    assert stored["scheduleType"]["refName"] == "Fixed Bid, Milestone"
    rows = stored["milestone"]["items"]
    assert [(row["milestoneAmount"], row["milestoneDate"], row["comments"]) for row in rows] == [
        ("12000.50", "2026-12-31", "Design accepted"),
        ("8000.00", "2027-03-31", "Go-live"),
    ]


@pytest.mark.parametrize(
    ("method", "label", "rows"),
    [
        ("fixed_price", "Fixed Bid, Interval", 2),
        ("retainer", "Fixed Bid, Interval", 2),
        ("time_and_materials", "Time and Materials", 0),
    ],
)
def test_other_plans_have_dated_rows_or_bill_actuals(
    ledgers: Ledgers, erp: Erp, method: str, label: str, rows: int
) -> None:
    plan = r.write(erp.ensure_billing_schedule, r.schedule(method), project=r.booked(erp)["project"])
    stored = ledgers.read("billingSchedule", plan)
    assert stored["scheduleType"]["refName"] == label
    assert len(stored["recurrence"]["items"]) == rows
    assert stored.get("billForActuals", False) is (rows == 0)


def test_a_forecast_is_an_allocation_of_the_employee_with_that_email(ledgers: Ledgers, erp: Erp) -> None:
    project = r.booked(erp)["project"]
    stored = ledgers.read("resourceAllocation", r.write(erp.ensure_cost_forecast, r.forecast(), project=project))
    assert stored["allocationResource"]["refName"] == "Tom Okafor"
    assert (stored["allocationAmount"], stored["allocationUnit"]["id"]) == (Decimal("80.5"), "H")


def test_a_forecast_for_somebody_netsuite_does_not_know_is_rejected_by_name(erp: Erp) -> None:
    project = r.booked(erp)["project"]
    with pytest.raises(Rejected, match="no active employee with the e-mail new@halden") as caught:
        r.write(erp.ensure_cost_forecast, r.forecast(person="new@haldenmarsh.example"), project=project)
    assert (caught.value.kind, caught.value.key, caught.value.owner) == (
        "master_data",
        "new@haldenmarsh.example",
        "resource",
    )


def test_people_are_found_by_lower_cased_email_and_a_shared_one_names_nobody(ledgers: Ledgers, erp: Erp) -> None:
    subsidiary = {"id": ledgers.ids["subsidiary"]["US"]}
    new = ledgers.create(
        "employee", firstName="New", lastName="One", email="New.One@haldenmarsh.example", subsidiary=subsidiary
    )
    ledgers.create(
        "employee", firstName="Second", lastName="Tom", email="tom.okafor@haldenmarsh.example", subsidiary=subsidiary
    )
    gone = ledgers.create(
        "employee", firstName="Old", lastName="One", email="old@haldenmarsh.example", subsidiary=subsidiary
    )
    ledgers.change("employee", gone, isInactive=True)
    people = erp.list_people()
    assert people["new.one@haldenmarsh.example"] == new
    assert "tom.okafor@haldenmarsh.example" not in people
    assert "old@haldenmarsh.example" not in people
    assert people["priya.raman@haldenmarsh.example"].isdigit()


def test_a_field_the_site_gave_to_the_erp_is_never_sent(ledgers: Ledgers) -> None:
    from tieline.connectors.netsuite import connect
    from tieline.sdk.http import OpenGate

    connected = connect(replace(ledgers.settings(), owners={"payment_terms": "erp"}), OpenGate())
    assert connected.erp is not None
    assert "terms" not in connected.erp.ensure_customer.render(r.customer(), {})
    connected.close()


def test_a_site_can_map_a_field_of_its_own(ledgers: Ledgers, connecting: Connecting) -> None:
    from tieline.connectors.netsuite import connect
    from tieline.sdk.http import OpenGate

    ledgers.control(
        "POST", "customize", {"fields": [{"record": "customer", "name": "custentity_crm", "type": "string"}]}
    )
    (ledgers.values / "customer.toml").write_text(
        '[[field]]\ncanonical = "id"\nvendor = "custentity_crm"\ndirection = "write"\n', "utf-8"
    )
    connected = connect(replace(ledgers.settings(), mappings=ledgers.values), OpenGate())
    assert connected.erp is not None
    record_id = r.write(connected.erp.ensure_customer, r.customer())
    assert ledgers.read("customer", record_id)["custentity_crm"] == "cus_5f0c1a"
    connected.close()


def test_a_field_netsuite_does_not_have_is_refused_and_not_ignored(ledgers: Ledgers) -> None:
    from tieline.connectors.netsuite import connect
    from tieline.sdk.http import OpenGate

    (ledgers.values / "customer.toml").write_text(
        '[[field]]\ncanonical = "id"\nvendor = "custentity_gone"\ndirection = "write"\n', "utf-8"
    )
    connected = connect(replace(ledgers.settings(), mappings=ledgers.values), OpenGate())
    assert connected.erp is not None
    with pytest.raises(Rejected, match="custentity_gone") as caught:
        r.write(connected.erp.ensure_customer, r.customer())
    assert caught.value.kind == "schema_drift"
    connected.close()


def test_revenue_method_and_its_days_go_where_the_site_maps_them_and_follow_the_contract(ledgers: Ledgers) -> None:
    from tieline.connectors.netsuite import connect
    from tieline.sdk.http import OpenGate

    custom = [{"record": "salesOrder", "name": "custbody_revenue_method", "type": "string"}]
    ledgers.control("POST", "customize", {"fields": custom})
    template = ledgers.id_of("revRecTemplate", "Percent complete")
    rows = {
        "rev_rec_template.csv": f"ours,theirs\npercent_complete,{template}\n",
        "project.toml": '[[field]]\ncanonical = "revenue_method"\nvendor = "estimateRevRecTemplate.id"\n'
        'transform = "code"\ntable = "rev_rec_template"\ndirection = "write"\n',
        "contract.toml": '[[field]]\ncanonical = "revenue_method"\nvendor = "custbody_revenue_method"\n'
        'direction = "write"\n',
        "invoice_line.toml": "".join(
            f'[[field]]\ncanonical = "{ours}"\nvendor = "{theirs}"\ntransform = "date"\ndirection = "write"\n'
            for ours, theirs in (("start_date", "revRecStartDate"), ("end_date", "revRecEndDate"))
        ),
    }
    for name, text in rows.items():
        (ledgers.values / name).write_text(text, "utf-8")
    connected = connect(replace(ledgers.settings(), mappings=ledgers.values), OpenGate())
    erp = connected.erp
    assert erp is not None
    links = {"customer": r.write(erp.ensure_customer, r.customer())}
    project = r.project(revenue_method="percent_complete")
    links["project"] = r.write(erp.ensure_project, project, **links)
    assert ledgers.read("job", links["project"])["estimateRevRecTemplate"]["refName"] == "Percent complete"
    order = r.write(erp.ensure_contract, r.contract(revenue_method="percent_complete"), **links)
    assert ledgers.read("salesOrder", order)["custbody_revenue_method"] == "percent_complete"

    bill = r.invoice(lines=(r.invoice_line(start_date=date(2026, 12, 1), end_date=date(2026, 12, 31)),))
    invoice = ledgers.read("invoice", r.write(erp.ensure_invoice, bill, contract=order, **links))
    (line,) = invoice["item"]["items"]
    assert (line["revRecStartDate"], line["revRecEndDate"]) == ("2026-12-01", "2026-12-31")

    longer = {"end_date": date(2027, 6, 30), "contract_version": 2}
    r.write(erp.ensure_project, r.project(revenue_method="percent_complete", **longer), **links)
    r.write(erp.ensure_contract, r.contract(revenue_method="straight_line", **longer), **links)
    assert ledgers.read("job", links["project"])["projectedEndDate"] == "2027-06-30"
    stored = ledgers.read("salesOrder", order)
    assert (stored["endDate"], stored["custbody_revenue_method"]) == ("2027-06-30", "straight_line")
    with pytest.raises(MappingFailed, match="as_billed"):
        erp.ensure_project.render(r.project(), links)
    connected.close()
