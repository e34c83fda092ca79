"""`tieline check --live`, `discover` and `try` against an account; the site's options; the shipped mappings."""

from dataclasses import replace
from typing import Any

import pytest

from tests.connectors.netsuite import records as r
from tests.connectors.netsuite.ledgers import ACCOUNT, Connecting, Ledgers
from tieline.connectors.netsuite import connect
from tieline.connectors.netsuite.connection import HERE, load_mappings
from tieline.connectors.netsuite.settings import account_of_host, audience_of, host_label, read_options
from tieline.mapping import MappingFileError
from tieline.sdk.connected import Connected
from tieline.sdk.connector import ConnectionSettings, Finding, load_facts
from tieline.sdk.errors import Rejected
from tieline.sdk.http import OpenGate
from tieline.sdk.operation import WriteSafety
from tieline.sdk.roles import Erp


def bad(findings: Any) -> list[Finding]:
    return [finding for finding in findings if not finding.ok]


def site(**options: Any) -> ConnectionSettings:
    base = {"client_id": "c", "certificate_id": "k"}
    return ConnectionSettings(
        name="books",
        connector="netsuite",
        account=ACCOUNT,
        url="https://tstdrv1234567-sb1.suitetalk.api.netsuite.com",
        options=base | options,
        secret=lambda name: name,
    )


def test_a_well_prepared_account_has_nothing_to_mend(connected: Connected, erp: Erp) -> None:
    r.booked(erp)
    findings = connected.check_live()
    assert bad(findings) == []
    assert {"credentials", "account", "customer", "salesOrder", "invoice", "timeBill", "time zone"} <= {
        finding.subject for finding in findings
    }
    assert connected.account() == ACCOUNT


def test_a_missing_right_is_named(ledgers: Ledgers, connected: Connected) -> None:
    ledgers.control("POST", "customize", {"permissions": {"billingSchedule": "none"}})
    [first, *_] = bad(connected.check_live())
    assert first.subject == "billingSchedule"
    assert "lacks a permission" in first.message


def test_a_code_that_is_not_in_the_account_is_named_with_ours(ledgers: Ledgers) -> None:
    (ledgers.values / "department.csv").write_text("ours,theirs\nTechnology,2\nTreasury,4711\n", "utf-8")
    connected = connect(replace(ledgers.settings(), values=ledgers.values), OpenGate())
    [finding] = bad(connected.check_live())
    assert (finding.subject, finding.message) == (
        "values/department.csv",
        "NetSuite does not have '4711' for 'Treasury'",
    )
    connected.close()


def test_a_mapped_field_the_account_does_not_have_is_named(ledgers: Ledgers) -> None:
    (ledgers.values / "customer.toml").write_text(
        '[[field]]\ncanonical = "id"\nvendor = "custentity_crm"\ndirection = "write"\n', "utf-8"
    )
    connected = connect(replace(ledgers.settings(), mappings=ledgers.values), OpenGate())
    [finding] = bad(connected.check_live())
    assert finding.message == "mapping customer: this account does not have custentity_crm"
    connected.close()


def test_a_wrong_time_zone_is_found(connecting: Connecting) -> None:
    connected = connecting(time_zone="America/Los_Angeles")
    assert connected.erp is not None
    r.booked(connected.erp)
    [finding] = bad(connected.check_live())
    assert finding.subject == "time zone"


def test_an_address_of_another_account_than_the_pinned_one_is_found() -> None:
    connected = connect(replace(site(auth="tba"), url="https://7654321.suitetalk.api.netsuite.com"), OpenGate())
    assert connected.account() == "7654321"
    [finding] = connected.check_live()
    assert not finding.ok
    assert "7654321" in finding.message
    assert ACCOUNT in finding.message
    connected.close()


def test_fields_are_described_with_labels_and_custom_ones_marked(ledgers: Ledgers, connected: Connected) -> None:
    field = {"record": "job", "name": "custentity_region", "type": "string", "label": "Region"}
    ledgers.control("POST", "customize", {"fields": [field]})
    found = {row["name"]: row for row in connected.describe("project")}
    assert (found["custentity_region"]["custom"], found["custentity_region"]["label"]) == (True, "Region")
    assert (found["companyName"]["custom"], found["startDate"]["type"]) == (False, "date")
    assert "quantity" in {row["name"] for row in connected.describe("contract_part_line")}
    with pytest.raises(Rejected, match="no mapping for weather"):
        connected.describe("weather")


def test_a_raw_invoice_can_be_explained_field_by_field(connected: Connected, erp: Erp) -> None:
    invoice = r.write(erp.ensure_invoice, r.invoice(), **r.booked(erp))
    raw = connected.read_raw("invoice_state", invoice)
    rows = {row.canonical: row for row in connected.mappings["invoice_state"].explain(raw)}
    assert rows["number"].value == raw["tranId"]
    assert [row.problem for row in rows.values() if row.problem] == []


def test_people_can_open_a_record_in_netsuite(erp: Erp) -> None:
    page = erp.record_url("invoice", "7")
    assert page == "https://tstdrv1234567-sb1.app.netsuite.com/app/accounting/transactions/custinvc.nl?id=7"
    assert erp.record_url("weather", "7") is None


def test_every_operation_is_an_upsert_with_a_quarantine_longer_than_a_request_may_live(erp: Erp) -> None:
    facts = load_facts(HERE)
    assert all(operation.creates == WriteSafety.UPSERT for operation in facts.operation.values())
    assert all(operation.quarantine.total_seconds() > 15 * 60 for operation in facts.operation.values())
    assert erp.ensure_cost_forecast.support == "by_substitute"


def test_the_shipped_mappings_have_no_defects() -> None:
    mappings = load_mappings(site())
    assert [defect for mapping in mappings.values() for defect in mapping.checks()] == []


def test_a_broken_override_is_told_with_file_and_line(tmp_path: Any) -> None:
    (tmp_path / "customer.toml").write_text('[[field]]\ncanonical = "name"\nvendor = "x"\ntransform = "magic"\n')
    with pytest.raises(MappingFileError, match=r"customer\.toml:1: 'magic' is no transform"):
        load_mappings(replace(site(), mappings=tmp_path))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"client_id": ""}, "needs the options client_id"),
        ({"algorithm": "RS256"}, "algorithm"),
        ({"time_zone": "Mars/Olympus"}, "no time zone"),
        ({"page_size": 5000}, "page_size"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_option_names_the_connection_and_the_option(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        read_options(site(**options))
    assert str(caught.value).startswith("connection books:")


def test_an_account_id_becomes_a_host_name_and_back() -> None:
    assert host_label(ACCOUNT) == "tstdrv1234567-sb1"
    assert account_of_host("https://tstdrv1234567-sb1.suitetalk.api.netsuite.com/x") == ACCOUNT
    assert account_of_host("http://127.0.0.1:9103") is None
    assert audience_of(site(), read_options(site())) == (
        "https://tstdrv1234567-sb1.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token"
    )


def test_an_audience_of_another_account_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match=f"audience is of account 7654321, not of {ACCOUNT}"):
        read_options(site(audience="https://7654321.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token"))
