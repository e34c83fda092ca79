"""Each transform with its options: both directions, and what it refuses."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from tests.mapping.conftest import Load
from tieline.mapping import MappingFailed, MappingFileError

D = Decimal
MOMENT = datetime(2026, 5, 1, 7, 25, 37, tzinfo=UTC)
COUNTRIES = {"country": "ours,theirs\nDE,Germany\nUS,United States\n"}
NUMBERS = {"number": "ours,theirs\nEUR,4\n"}

BOTH_WAYS: list[tuple[str, Any, Any]] = [
    ("", "Köln 😀 O'Brien", "Köln 😀 O'Brien"),
    ('transform = "text"\nmax_length = 3', "abc", "abc"),
    ('transform = "integer"', 7, 7),
    ('transform = "integer"\nas = "text"', 7, "7"),
    ('transform = "decimal"', D("1.25"), D("1.25")),
    ('transform = "decimal"\nas = "text"', D("1E+2"), "100"),
    ('transform = "decimal"\nplaces = 2', D("1.5"), D("1.50")),
    ('transform = "money"', D("12.34"), D("12.34")),
    ('transform = "money_minor"\ndigits = 2', D("-12.34"), -1234),
    ('transform = "money_minor"\ndigits = 0', D("12"), 12),
    ('transform = "percent"', D("0.255"), D("25.5")),
    ('transform = "boolean"', True, True),
    ('transform = "boolean"\ntrue = "T"\nfalse = "F"', False, "F"),
    ('transform = "boolean"\ntrue = 1\nfalse = 0', True, 1),
    ('transform = "date"', date(2026, 5, 31), "2026-05-31"),
    ('transform = "date"\nformat = "midnight"', date(2026, 5, 31), "2026-05-31T00:00:00Z"),
    ('transform = "date"\nformat = "us"', date(2026, 5, 31), "5/31/2026"),
    ('transform = "date"\nformat = "compact"', date(2026, 5, 31), "20260531"),
    ('transform = "date"\nformat = "epoch_ms"', date(1970, 1, 2), 86_400_000),
    ('transform = "date"\nformat = "odata_v2"', date(1970, 1, 2), "/Date(86400000)/"),
    ('transform = "date"\nformat = "python"', date(2026, 5, 31), date(2026, 5, 31)),
    ('transform = "datetime"', MOMENT, "2026-05-01T07:25:37Z"),
    ('transform = "datetime"\nformat = "salesforce"', MOMENT, "2026-05-01T07:25:37.000+0000"),
    ('transform = "datetime"\nformat = "seconds"', MOMENT, "2026-05-01T07:25:37+00:00"),
    ('transform = "datetime"\nformat = "epoch_s"', MOMENT, 1_777_620_337),
    ('transform = "datetime"\nformat = "epoch_ms"', MOMENT, 1_777_620_337_000),
    ('transform = "datetime"\nformat = "odata_v2"', MOMENT, "/Date(1777620337000)/"),
    ('transform = "datetime"\nformat = "python"', MOMENT, MOMENT),
    ('transform = "stamp"\nformat = "salesforce"', 1_777_620_337_000_000, "2026-05-01T07:25:37.000+0000"),
    ('transform = "duration_minutes"', 90, 90),
    ('transform = "duration_minutes"\nas = "hours"', 20, D("0.3333")),
    ('transform = "duration_minutes"\nas = "hours"\nplaces = 2', 20, D("0.33")),
    ('transform = "duration_minutes"\nas = "hh:mm"', 1542, "25:42"),
    ('transform = "duration_minutes"\nas = "hh:mm"', -90, "-1:30"),
    ('transform = "duration_minutes"\nas = "seconds"', 90, 5400),
    ('transform = "duration_minutes"\nas = "timedelta"', -90, timedelta(minutes=-90)),
    ('transform = "list_of_text"', ("a", "b"), ["a", "b"]),
    ('transform = "list_of_text"\nseparator = ";"', ("a", "b"), "a;b"),
    ('transform = "list_of_text"\nseparator = ";"', (), ""),
    ('transform = "email"', "Priya.Raman@haldenmarsh.example", "Priya.Raman@haldenmarsh.example"),
    ('transform = "country"', "DE", "DE"),
    ('transform = "country"\ntable = "country"', "DE", "Germany"),
    ('transform = "code"\ntable = "number"', "EUR", "4"),
    ('transform = "code"\ntable = "number"\nas = "number"', "EUR", 4),
    ('transform = "reference"', "5", {"id": "5"}),
    ('transform = "reference"\nkey = "value"\nas = "number"', "5", {"value": 5}),
    ('transform = "json"', {"a": [1, None]}, {"a": [1, None]}),
]


@pytest.mark.parametrize(("row", "ours", "theirs"), BOTH_WAYS)
def test_a_transform_translates_both_ways(one: Load, row: str, ours: Any, theirs: Any) -> None:
    mapping = one(row, tables=COUNTRIES | NUMBERS)
    assert mapping.write({"it": ours}) == {"It": theirs}
    assert type(mapping.write({"it": ours})["It"]) is type(theirs)
    assert mapping.read({"It": theirs}) == {"it": ours}
    assert type(mapping.read({"It": theirs})["it"]) is type(ours)


READ_ALSO: list[tuple[str, Any, Any]] = [
    ("", 647, "647"),
    ("", "  padded ", "padded"),
    ("trim = false", "  padded ", "  padded "),
    ('transform = "integer"', "7", 7),
    ('transform = "integer"', D("7.0"), 7),
    ('transform = "money"', "12.34", D("12.34")),
    ('transform = "money"', 12, D(12)),
    ('transform = "boolean"\ntrue = "T"\nfalse = "F"', True, True),
    ('transform = "boolean"\ntrue = ["Won", "Signed"]\notherwise = false\ndirection = "read"', "Signed", True),
    ('transform = "boolean"\ntrue = ["Won", "Signed"]\notherwise = false\ndirection = "read"', "Lost", False),
    ('transform = "datetime"', "2026-05-01T09:25:37+02:00", MOMENT),
    ('transform = "datetime"\nzone = "Europe/Berlin"', "2026-05-01 09:25:37", MOMENT),
    ('transform = "duration_minutes"\nas = "hh:mm"', D("1.5"), 90),
    ('transform = "duration_minutes"\nas = "hh:mm"', "1.5", 90),
    ('transform = "list_of_text"\nseparator = ";"', "a; b;;", ("a", "b")),
    ('transform = "country"\ntable = "country"', "germany", "DE"),
    ('transform = "country"\ntable = "country"', "de", "DE"),
    ('transform = "country"', "de", "DE"),
    ('transform = "code"\ntable = "number"', 4, "EUR"),
    ('transform = "reference"', "5", "5"),
    ('transform = "reference"', 5, "5"),
    ('transform = "reference"', {"id": 5, "refName": "Berlin"}, "5"),
]


@pytest.mark.parametrize(("row", "theirs", "ours"), READ_ALSO)
def test_a_transform_reads_what_vendors_send_beside_what_it_writes(one: Load, row: str, theirs: Any, ours: Any) -> None:
    assert one(row, tables=COUNTRIES | NUMBERS).read({"It": theirs}) == {"it": ours}


WRITE_REFUSED: list[tuple[str, Any, str]] = [
    ("", 1.5, "is not a text"),
    ("", True, "is not a text"),
    ("max_length = 3", "abcd", r"is 4 characters long, and thing\.It holds 3"),
    ("", "a\x00b", "no system can store"),
    ("", "\ud800", "no system can store"),
    ("", "x" * 1_000_001, "longer than 1000000 characters"),
    ('transform = "integer"', D("1.5"), "is not a whole number"),
    ('transform = "integer"', 2**63, "too large"),
    ('transform = "decimal"', 1.5, "binary float"),
    ('transform = "decimal"', D("NaN"), "is not a number"),
    ('transform = "decimal"', D("Infinity"), "is not a number"),
    ('transform = "decimal"', D("1E+400"), "more digits"),
    ('transform = "decimal"\nplaces = 2', D("0.005"), "more than 2 decimal places"),
    ('transform = "money_minor"\ndigits = 2', D("0.005"), "more than 2 decimal places"),
    ('transform = "decimal"\nplaces = 12', D("1E+20"), "too many digits to be held with 12"),
    ('transform = "decimal"\nplaces = 2', D("1000000000000000.123"), "more than 2 decimal places"),
    ('transform = "percent"\nplaces = 0', D("0.255"), "more than 0 decimal places"),
    ('transform = "boolean"', "yes", "is neither true nor false"),
    ('transform = "boolean"', 1, "is neither true nor false"),
    ('transform = "date"', MOMENT, "is not a date"),
    ('transform = "datetime"', datetime(2026, 5, 1), "time zone"),  # noqa: DTZ001 - naive is the point
    ('transform = "datetime"', datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))), "outside the calendar"),
    ('transform = "stamp"', 10**18, "is not a version stamp"),
    ('transform = "duration_minutes"', D("1.5"), "is not a whole number"),
    ('transform = "list_of_text"\nseparator = ";"', ("a;b",), "has an item with ';' inside"),
    ('transform = "list_of_text"', ("",), "has an empty item"),
    ('transform = "list_of_text"', "abc", "is not a list"),
    ('transform = "email"', "two@x.example, three@x.example", "is not one e-mail address"),
    ('transform = "country"', "Germany", "no two-letter country code"),
    ('transform = "country"\ntable = "country"', "FR", "without a name in the value table 'country'"),
    ('transform = "code"\ntable = "number"', "USD", r"'USD' has no code for thing\.It in the value table 'number'"),
    ('transform = "code"\ntable = "number"', ["EUR"], "has no code"),
    ('transform = "reference"\nas = "number"', "five", "is not a number"),
]


@pytest.mark.parametrize(("row", "ours", "message"), WRITE_REFUSED)
def test_a_value_that_would_be_lost_on_writing_is_a_problem(one: Load, row: str, ours: Any, message: str) -> None:
    with pytest.raises(MappingFailed, match=message):
        one(row, tables=COUNTRIES | NUMBERS).write({"it": ours})


READ_REFUSED: list[tuple[str, Any, str]] = [
    ("", ["list"], "is not a text"),
    ("", "x" * 10_000_000, r"longer than 1000000 characters \(10000000\)"),
    ('transform = "integer"', "1_000", "is not a number"),
    ('transform = "integer"', "٣", "is not a number"),
    ('transform = "decimal"', "1,5", "is not a number"),
    ('transform = "decimal"', "9" * 5000, "is not a number"),
    ('transform = "decimal"', D("0.12345678901234567890123456789"), "more digits"),
    ('transform = "money"', 0.1, "binary float"),
    ('transform = "money"', True, "is not a number"),
    ('transform = "money_minor"\ndigits = 2', D("12.5"), "is not a whole number"),
    ('transform = "boolean"', "T", "is neither true nor false"),
    ('transform = "boolean"', 1, "is neither true nor false"),
    ('transform = "date"', "2026-02-30", "is not a date such as 2026-05-31"),
    ('transform = "date"', "2026-W01-1", "is not a date"),
    ('transform = "date"\nformat = "us"', "31/5/2026", "is not a date such as 5/31/2026"),
    ('transform = "date"\nformat = "compact"', "2026W011", "is not a date"),
    ('transform = "date"\nformat = "epoch_ms"', 2**62, "is not a date"),
    ('transform = "datetime"', "2026-05-01T07:25:37", "has no time zone"),
    ('transform = "datetime"', "soon", "is not a moment such as"),
    ('transform = "datetime"\nformat = "epoch_ms"', "soon", "is not a number"),
    ('transform = "stamp"', "soon", "is not a moment"),
    ('transform = "duration_minutes"\nas = "hours"', D("0.125"), "is not a whole number of minutes"),
    ('transform = "duration_minutes"\nas = "hh:mm"', "1:75", "is not a number"),
    ('transform = "duration_minutes"\nas = "seconds"', 90, "is not a whole number of minutes"),
    ('transform = "duration_minutes"\nas = "timedelta"', timedelta(seconds=1), "is not a whole number of minutes"),
    ('transform = "list_of_text"', [{"a": 1}], "is not a text"),
    ('transform = "email"', "nobody", "is not one e-mail address"),
    ('transform = "country"\ntable = "country"', "Atlantis", "is no country of the value table"),
    ('transform = "code"\ntable = "number"', "5", r"Code for thing\.It in the value table 'number' '5' stands for no"),
    ('transform = "reference"', {"id": {"id": 5}}, "is not a text"),
]


@pytest.mark.parametrize(("row", "theirs", "message"), READ_REFUSED)
def test_a_value_that_makes_no_sense_on_reading_is_a_problem(one: Load, row: str, theirs: Any, message: str) -> None:
    with pytest.raises(MappingFailed, match=message):
        one(row, tables=COUNTRIES | NUMBERS).read({"It": theirs})


BAD_OPTIONS: list[tuple[str, str]] = [
    ("max_lenght = 3", "'max_lenght' is no option of the transform text"),
    ("max_length = 0", "option 'max_length'"),
    ('max_length = "3"', "option 'max_length'"),
    ("cut = true", "cut = true needs max_length"),
    ('transform = "decimal"\nround = true', "round = true needs places"),
    ('transform = "money_minor"', "needs either currency"),
    ('transform = "money"\ncurrency = "currency"\ndigits = 2', "needs either currency"),
    ('transform = "boolean"\ntrue = "T"', "needs a word for true and one for false to write"),
    ('transform = "boolean"\ntrue = "T"\ndirection = "read"', "needs a word for false, or otherwise"),
    ('transform = "boolean"\ntrue = "T"\nfalse = "T"', "the same word means true and false"),
    ('transform = "date"\nformat = "german"', "option 'format'"),
    ('transform = "datetime"\nzone = "Berlin"', "is no time zone"),
    ('transform = "code"', "option 'table' is missing"),
    ('transform = "code"\ntable = "none"', "there is no value table none.csv in"),
    ('transform = "upper"', "'upper' is no transform; there are: text, email"),
    ('transform = "link"\ndirection = "both"', "only writes"),
    ('transform = "code"\ntable = "names"\nas = "number"', "is not a number"),
]


@pytest.mark.parametrize(("row", "message"), BAD_OPTIONS)
def test_options_are_checked_at_load_with_file_and_line(one: Load, row: str, message: str) -> None:
    with pytest.raises(MappingFileError) as caught:
        one(row, tables={"names": "ours,theirs\nA,a\n"})
    assert message in str(caught.value)
    assert "mapping.toml:4: " in str(caught.value)


def test_text_is_cut_only_where_the_mapping_says_so(one: Load) -> None:
    assert one("max_length = 3\ncut = true").write({"it": "abcd"}) == {"It": "abc"}


def test_a_decimal_is_rounded_half_up_only_where_the_mapping_says_so(one: Load) -> None:
    mapping = one('transform = "decimal"\nplaces = 2\nround = true')
    assert mapping.write({"it": D("0.005")}) == {"It": D("0.01")}
    assert mapping.write({"it": D("-0.005")}) == {"It": D("-0.01")}


@pytest.mark.parametrize(
    ("currency", "amount", "cents"), [("JPY", "1200", 1200), ("EUR", "12.34", 1234), ("KWD", "1.234", 1234)]
)
def test_minor_units_follow_the_digits_of_the_currency(load: Load, currency: str, amount: str, cents: int) -> None:
    mapping = load(
        '[[field]]\ncanonical = "net.amount"\nvendor = "cents"\ntransform = "money_minor"\ncurrency = "net.currency"\n'
        '[[field]]\ncanonical = "net.currency"\nvendor = "currency"\n'
    )
    ours = {"net": {"amount": D(amount), "currency": currency}}
    assert mapping.write(ours) == {"cents": cents, "currency": currency}
    assert mapping.read({"cents": cents, "currency": currency}) == ours


def test_minor_units_without_their_currency_are_a_problem(load: Load) -> None:
    mapping = load(
        '[[field]]\ncanonical = "amount"\nvendor = "cents"\ntransform = "money_minor"\ncurrency = "currency"\n'
    )
    with pytest.raises(MappingFailed, match="has no currency: 'currency' is missing"):
        mapping.write({"amount": D(1)})
    with pytest.raises(MappingFailed, match="has no currency: 'currency' is missing"):
        mapping.read({"cents": 100})


def test_a_missing_code_is_told_in_business_words(one: Load) -> None:
    table = "# ours: Kantata role\n# theirs: service item in NetSuite\nours,theirs\nConsultant,17\n"
    mapping = one('transform = "code"\ntable = "item"', tables={"item": table})
    with pytest.raises(MappingFailed) as caught:
        mapping.write({"it": "Sr. Architect"})
    assert caught.value.problems[0].message == "Kantata role 'Sr. Architect' has no service item in NetSuite"
    assert caught.value.problems[0].table == "item"
    with pytest.raises(MappingFailed) as caught:
        mapping.read({"It": "99"})
    assert caught.value.problems[0].message == "Service item in NetSuite '99' stands for no Kantata role"


def test_labels_of_the_row_come_before_those_of_the_table(one: Load) -> None:
    row = 'transform = "code"\ntable = "item"\nfrom_label = "PSA role"\nto_label = "item"'
    mapping = one(row, tables={"item": "# ours: Kantata role\nours,theirs\nA,1\n"})
    with pytest.raises(MappingFailed, match="PSA role 'B' has no item"):
        mapping.write({"it": "B"})


def test_an_ambiguous_table_may_be_written_but_not_read(one: Load) -> None:
    tables = {"item": "ours,theirs\nA,1\nB,1\n"}
    row = 'transform = "code"\ntable = "item"'
    assert one(row + '\ndirection = "write"', tables=tables).write({"it": "B"}) == {"It": "1"}
    with pytest.raises(MappingFileError, match=r"item\.csv:3 '1' stands for 'A', 'B': it cannot be read back"):
        one(row, tables=tables)
