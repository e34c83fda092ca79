"""The drafted mapping: matches by name and label, loads, and tells what it could not match."""

import tomllib
from pathlib import Path

import pytest

from tieline.mapping import ValueTables, VendorField, check_mapping, draft_mapping

FIELDS = [
    VendorField("Name", "string", True, False, "Account Name"),
    VendorField("BillingAddressCity", "string", False, False, "Billing City"),
    VendorField("Payment_Terms__c", "picklist", False, True, "Payment Terms"),
    VendorField("Email", "email", False, False, "E-mail"),
    VendorField("Churn_Risk__c", "double", False, True, "Churn risk\n[[field]]"),
    VendorField("Industry", "picklist", True, False, "Industry 😀"),
    VendorField("Fax", "phone", False, False, "Fax"),
]


def rows(text: str) -> dict[str, dict[str, object]]:
    """The drafted rows by canonical field."""
    return {row["canonical"]: row for row in tomllib.loads(text)["field"]}


def test_fields_are_matched_by_name_or_label_with_a_fitting_transform() -> None:
    drafted = rows(draft_mapping("customer", FIELDS, vendor="Account"))
    assert drafted["name"] == {"canonical": "name", "vendor": "Name", "required": "write"}
    assert drafted["billing_address.city"]["vendor"] == "BillingAddressCity"
    assert drafted["payment_terms"] | {} == {
        "canonical": "payment_terms",
        "vendor": "Payment_Terms__c",
        "transform": "code",
        "table": "payment_terms",
    }
    assert drafted["email"]["transform"] == "email"
    assert "Fax" not in str(drafted)


def test_required_and_custom_fields_without_a_match_are_left_as_comments() -> None:
    text = draft_mapping("customer", FIELDS)
    assert '# Required by the vendor, nothing of ours matches: "Industry" ("picklist"), Industry 😀' in text
    assert '# Custom field, nothing of ours matches: "Churn_Risk__c" ("double"), Churn risk [[field]]' in text
    assert '"Fax"' not in text


def test_a_draft_passes_the_check_once_its_value_tables_exist(tmp_path: Path) -> None:
    path = tmp_path / "customer.toml"
    path.write_text(draft_mapping("customer", FIELDS), "utf-8")
    (defect,) = check_mapping(path, overrides=None, tables=ValueTables([tmp_path]))
    assert "there is no value table payment_terms.csv" in defect.message
    (tmp_path / "payment_terms.csv").write_text("ours,theirs\nNet 30,Net 30\n", "utf-8")
    assert check_mapping(path, overrides=None, tables=ValueTables([tmp_path])) == []


def test_a_number_is_not_drafted_into_a_date_of_the_same_name() -> None:
    fields = [
        VendorField("WorkDate", "double", True, False, "Work date"),
        VendorField("Minutes", "int", True, False, ""),
    ]
    drafted = rows(draft_mapping("time_entry", fields))
    assert list(drafted) == ["minutes"]
    assert drafted["minutes"]["transform"] == "integer"


def test_strange_names_from_the_vendor_still_make_valid_toml() -> None:
    fields = [
        VendorField(name, "string", True, True, name) for name in ('a"b', "c\\d", "e\nf", "g\x7f", "\ud800", "😀")
    ]
    drafted = draft_mapping("customer", fields, vendor='x"y')
    assert tomllib.loads(drafted)["vendor"] == 'x"y'
    assert sum(line.startswith("#") for line in drafted.splitlines()) == 1 + len(fields)


def test_an_unknown_record_cannot_be_drafted() -> None:
    with pytest.raises(KeyError):
        draft_mapping("client", FIELDS)
