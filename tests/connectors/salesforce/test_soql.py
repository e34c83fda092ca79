"""Values in queries: always quoted, whatever they hold."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.connectors.salesforce.org_id import eighteen
from tieline.connectors.salesforce.soql import equals, literal, name, one_of, select

UNQUOTED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def unquoted(text: str) -> str:
    """What a SOQL parser reads from a string literal; fails when the literal ends before its end."""
    assert re.fullmatch(r"'(?:[^'\\]|\\.)*'", text, re.DOTALL)
    return re.sub(r"\\(.)", lambda match: UNQUOTED.get(match[1], match[1]), text[1:-1], flags=re.DOTALL)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_any_text_stays_inside_its_quotes_and_reads_back(text: str) -> None:
    assert unquoted(literal(text)) == text


@pytest.mark.parametrize("text", ["O'Brien", "\\", "\\'", "a' OR Name != '", "🚀 Müller\n", "' OR '1'='1"])
def test_hostile_names_stay_inside_their_quotes(text: str) -> None:
    assert unquoted(literal(text)) == text


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
def test_a_text_no_query_can_carry_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no query can carry"):
        literal(text)


def test_values_are_written_as_soql_writes_them() -> None:
    berlin = timezone(timedelta(hours=1))
    assert literal(None) == "null"
    assert literal(True) == "true"
    assert literal(Decimal("1E+3")) == "1000"
    assert literal(date(2026, 11, 21)) == "2026-11-21"
    assert literal(datetime(2026, 11, 21, 10, 30, tzinfo=berlin)) == "2026-11-21T09:30:00.000Z"
    assert one_of("StageName", ["Closed Won", "Signed"]) == "StageName IN ('Closed Won', 'Signed')"


def test_a_moment_without_its_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        literal(datetime(2026, 11, 21, tzinfo=UTC).replace(tzinfo=None))


@pytest.mark.parametrize("field", ["", "Name FROM User", "Name,Id", "1Name", "Näme", "Owner..Email", "x" * 81])
def test_a_field_that_is_no_api_name_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match="no API name"):
        name(field)


def test_a_query_names_each_field_once() -> None:
    query = select(["Id", "Owner.Email", "Id"], "Opportunity", where=equals("Id", "006"), order=("Id",), limit=5)
    assert query == "SELECT Id, Owner.Email FROM Opportunity WHERE Id = '006' ORDER BY Id LIMIT 5"


def test_a_short_id_gets_the_checksum_salesforce_gives_it() -> None:
    assert eighteen("001dM00003kRs59") == "001dM00003kRs59QAC"
