"""A mapping as a whole: what is sent, what is left out, whose fields are never written, all problems at once."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.mapping.bench_mapping import RECORD, sample
from tests.mapping.conftest import Load
from tieline.mapping import MappingFailed, MappingFileError, owners_of

NAME_AND_PHONE = '[[field]]\ncanonical = "name"\nvendor = "Name"\n[[field]]\ncanonical = "phone"\nvendor = "Phone"\n'


def test_an_absent_field_is_not_sent_and_an_empty_one_clears_the_vendors(load: Load) -> None:
    mapping = load(NAME_AND_PHONE)
    assert mapping.write({"name": "Bluepeak Energy"}) == {"Name": "Bluepeak Energy"}
    assert mapping.write({"name": "Bluepeak Energy", "phone": None}) == {"Name": "Bluepeak Energy", "Phone": None}
    assert mapping.write({"name": "Bluepeak Energy", "phone": "  "}) == {"Name": "Bluepeak Energy", "Phone": None}


def test_an_empty_field_is_not_sent_where_the_row_says_omit(one: Load) -> None:
    assert one('empty = "omit"').write({"it": None}) == {}


def test_an_empty_address_line_makes_no_row_in_a_list(load: Load) -> None:
    mapping = load('[[field]]\ncanonical = "billing_address.city"\nvendor = "items.0.city"\n')
    assert mapping.write({"billing_address": {"city": None}}) == {}


def test_what_the_vendor_does_not_say_is_left_to_the_models_default(load: Load) -> None:
    assert load(NAME_AND_PHONE).read({"Name": "Bluepeak Energy", "Phone": None, "Fax": "1"}) == {
        "name": "Bluepeak Energy"
    }


def test_all_problems_come_at_once(load: Load) -> None:
    mapping = load(
        '[[field]]\ncanonical = "name"\nvendor = "Name"\nmax_length = 5\n'
        '[[field]]\ncanonical = "email"\nvendor = "Email"\ntransform = "email"\n'
        '[[field]]\ncanonical = "currency"\nvendor = "Currency"\nrequired = "write"\n'
    )
    with pytest.raises(MappingFailed) as caught:
        mapping.write({"name": "Bluepeak", "email": "nobody"})
    assert [problem.message for problem in caught.value.problems] == [
        "Customer name is 8 characters long, and thing.Name holds 5 (it is 'Bluepeak')",
        "Customer email is not one e-mail address (it is 'nobody')",
        "Customer currency is missing, and thing.Currency needs it",
    ]
    problem = caught.value.problems[0]
    assert (problem.mapping, problem.canonical, problem.vendor, problem.value) == (
        "mapping",
        "name",
        "Name",
        "Bluepeak",
    )


def test_a_confidential_value_is_not_shown_in_a_problem(load: Load) -> None:
    mapping = load('[[field]]\ncanonical = "email"\nvendor = "Email"\ntransform = "email"\n', record="contact")
    with pytest.raises(MappingFailed) as caught:
        mapping.write({"email": "private at home"})
    assert caught.value.problems[0].value == "•••"
    assert "private" not in str(caught.value)


def test_a_huge_value_is_shortened_in_a_problem(load: Load) -> None:
    with pytest.raises(MappingFailed) as caught:
        load(NAME_AND_PHONE).read({"Name": "x" * 10_000_000})
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("required", "writes", "reads"), [("write", False, True), ("read", True, False), ("both", False, False)]
)
def test_a_required_field_is_a_problem_in_its_direction(one: Load, required: str, writes: bool, reads: bool) -> None:
    mapping = one(f'required = "{required}"')
    assert succeeds(mapping.write, {"it": None}) is writes
    assert succeeds(mapping.read, {"It": ""}) is reads


def succeeds(call: Any, record: dict[str, object]) -> bool:
    """Whether the mapping takes the record."""
    try:
        call(record)
    except MappingFailed:
        return False
    return True


def test_a_field_of_one_direction_is_ignored_in_the_other(one: Load) -> None:
    assert one('direction = "read"').write({"it": "x"}) == {}
    assert one('direction = "write"').read({"It": "x"}) == {}


def test_the_target_is_never_sent_a_field_it_owns(load: Load) -> None:
    rows = NAME_AND_PHONE + '[[field]]\ncanonical = "erp_number"\nvendor = "Number"\nrequired = "write"\n'
    mapping = load(rows, target_role="erp")
    assert mapping.write({"name": "Bluepeak", "erp_number": "C-1"}) == {"Name": "Bluepeak"}
    assert mapping.read({"Number": "C-1"}) == {"erp_number": "C-1"}
    assert mapping.vendor_fields("write") == ["Name", "Phone"]
    assert mapping.vendor_fields("read") == ["Name", "Phone", "Number"]
    assert load(rows, target_role="crm").write({"name": "B", "erp_number": "C-1"}) == {"Number": "C-1"}


def test_the_site_may_change_who_owns_a_field_or_all_fields_of_a_part(load: Load) -> None:
    rows = NAME_AND_PHONE + '[[field]]\ncanonical = "billing_address.city"\nvendor = "City"\n'
    mapping = load(rows, target_role="erp", owners={"phone": "erp", "billing_address": "erp"})
    assert mapping.write({"name": "B", "phone": "1", "billing_address": {"city": "X"}}) == {"Name": "B"}


def test_owners_of_the_model_can_be_listed() -> None:
    owners = owners_of("customer")
    assert (owners["name"], owners["erp_number"], owners["billed_by"]) == ("crm", "erp", "tieline")
    assert owners["billing_address.city"] == "crm"


def test_a_link_comes_from_the_run_and_not_from_the_record(load: Load) -> None:
    row = '[[field]]\ncanonical = "customer"\nvendor = "parent.id"\ntransform = "link"\n'
    assert load(row).write({"customer": "cus_1"}, {"customer": "647"}) == {"parent": {"id": "647"}}
    assert load(row).write({"customer": "cus_1"}) == {}
    assert load(row + 'as = "number"\n').write({}, {"customer": "647"}) == {"parent": {"id": 647}}
    with pytest.raises(MappingFailed, match=r"Customer customer is missing, and thing\.parent\.id needs it"):
        load(row + 'required = "write"\n').write({})


def test_constants_are_written_and_cannot_be_changed_by_a_caller(load: Load) -> None:
    mapping = load('[[constant]]\nvendor = "a.kind"\nvalue = {tags = ["x"]}\n[[constant]]\nvendor = "b"\nvalue = 1.5\n')
    first: Any = mapping.write({})
    assert first == {"a": {"kind": {"tags": ["x"]}}, "b": Decimal("1.5")}
    first["a"]["kind"]["tags"].append("y")
    assert mapping.write({})["a"] == {"kind": {"tags": ["x"]}}
    assert mapping.vendor_fields("write") == ["a.kind", "b"]


def test_a_reading_is_explained_row_by_row(load: Load) -> None:
    rows = NAME_AND_PHONE + '[[field]]\ncanonical = "email"\nvendor = "Mail.Address"\ntransform = "email"\n'
    explained = load(rows).explain({"Name": " Bluepeak ", "Mail": {"Address": "nobody"}})
    assert [(row.canonical, row.raw, row.value, bool(row.problem)) for row in explained] == [
        ("name", " Bluepeak ", "Bluepeak", False),
        ("phone", None, None, False),
        ("email", "nobody", None, True),
    ]


@pytest.mark.parametrize("answer", [None, [], "text", 5, b"bytes"])
def test_an_answer_that_is_no_record_is_a_problem(one: Load, answer: Any) -> None:
    with pytest.raises(MappingFailed, match="thing did not arrive as a record"):
        one().read(answer)


def test_an_unknown_direction_is_an_error_of_the_programmer(one: Load) -> None:
    with pytest.raises(ValueError, match="read or write"):
        one().vendor_fields("up")


def test_the_sample_of_the_benchmark_writes_what_a_vendor_expects() -> None:
    mapping = sample()
    assert len(mapping.fields) == 20
    written = mapping.write(RECORD)
    assert written["subsidiary"] == {"id": "1"}
    assert written["amount_in_cents"] == 123_750
    assert written["tranDate"] == date(2026, 5, 31).isoformat()
    assert mapping.read(written) == RECORD


DEFECTS = [
    ("[[field]\n", 4, "is not valid TOML"),
    ('[[field]]\ncanonical = 5\nvendor = "a"\n', 4, "'canonical': Input should be a valid string"),
    ('[[field]]\ncanonical = "name"\n', 4, "'vendor' is missing"),
    ('[[field]]\ncanonical = "name"\nvendor = "a..b"\n', 4, "'a..b' has an empty part"),
    ('[[field]]\ncanonical = "name"\nvendor = "a"\ndirection = "up"\n', 4, "'direction'"),
    ('[[field]]\ncanonical = "name"\nvendor = "a"\nline = 7\n', 4, "'line' is no key of a [[field]] row"),
    ('\n[field]\ncanonical = "name"\n', 1, "'field' must be rows: write [[field]]"),
    ("fields = 3\n", 4, "'fields' is no key of a mapping"),
    ('[[constant]]\nvendor = "a"\n', 4, "'value' is missing"),
    ('[[constant]]\nvendor = "a"\nvalue = 2026-05-31\n', 4, "'value"),
    (
        NAME_AND_PHONE + '[[field]]\ncanonical = "email"\nvendor = "Name"\n',
        10,
        "writes Name, which line 4 of mapping.toml",
    ),
    (NAME_AND_PHONE + '[[field]]\ncanonical = "name"\nvendor = "N"\n', 10, "reads into name, which line 4"),
    (NAME_AND_PHONE + '[[constant]]\nvendor = "Name.first"\nvalue = 1\n', 4, "writes Name, which line 10 of"),
]


@pytest.mark.parametrize(("rows", "line", "message"), DEFECTS)
def test_a_malformed_mapping_is_refused_with_file_and_line(load: Load, rows: str, line: int, message: str) -> None:
    with pytest.raises(MappingFileError) as caught:
        load(rows)
    assert f"mapping.toml:{line}: " in str(caught.value)
    assert message in str(caught.value)


def test_all_defects_of_a_file_come_at_once(load: Load) -> None:
    with pytest.raises(MappingFileError) as caught:
        load('[[field]]\ncanonical = "a"\nvendor = "A"\ncut = true\n[[field]]\ncanonical = "b"\nvendor = "B"\nx = 1\n')
    assert [defect.line for defect in caught.value.defects] == [4, 8]


def test_a_text_that_imitates_a_row_header_does_not_move_the_lines_out_of_the_file(load: Load) -> None:
    rows = '[[field]]\ncanonical = "a"\nvendor = "A"\nnote = """\n[[field]]\n"""\nx = 1\n'
    with pytest.raises(MappingFileError) as caught:
        load(rows)
    assert [defect.line for defect in caught.value.defects] == [1]
