"""The sweep misses nothing: equal stamps, many pages, deletes, lines, customers, restarts."""

import json
import re
from urllib.parse import unquote_plus

import pytest

from tests.connectors.salesforce.org import Connecting, Org
from tests.connectors.salesforce.scripted import Scripted
from tests.connectors.salesforce.test_reads import many
from tieline.sdk.connected import Connected
from tieline.sdk.errors import Rejected
from tieline.sdk.feed import Changed
from tieline.sdk.roles import Crm


def swept(crm: Crm | None, cursor: str | None = None) -> tuple[list[Changed], str]:
    """One sweep with all its pages, the cursor going through a restart after each."""
    assert crm is not None
    found: list[Changed] = []
    for _ in range(50):
        page = crm.list_changed_opportunities(cursor)
        found += page.items
        cursor = json.loads(json.dumps(page.cursor))
        if not page.more:
            return found, page.cursor
    raise AssertionError("the sweep does not end")


def ids(changes: list[Changed]) -> set[str]:
    return {change.external_id for change in changes}


def test_the_first_sweep_finds_every_deal(org: Org, connecting: Connecting) -> None:
    everything = many(org, 25, StageName="Qualification")
    small = connecting(page_size=4, overlap_seconds=0)
    found, _ = swept(small.crm)
    assert ids(found) == everything
    assert len(found) == len(everything)


def test_many_records_of_one_stamp_are_read_over_many_pages(org: Org, connecting: Connecting) -> None:
    """Records of one transaction share their stamp; a page ends in the middle of them."""
    everything = many(org, 30, StageName="Qualification")
    small = connecting(page_size=7, overlap_seconds=0)
    found, cursor = swept(small.crm)
    assert ids(found) == everything
    org.later(3600)
    later = many(org, 30, StageName="Qualification")
    found, _ = swept(connecting(page_size=7, overlap_seconds=0).crm, cursor)
    assert later <= ids(found)


def test_a_second_sweep_goes_on_where_the_first_ended(org: Org, connected: Connected) -> None:
    org.deal("Old")
    _, cursor = swept(connected.crm)
    org.later(3600)
    new = org.deal("New")
    found, _ = swept(connected.crm, cursor)
    assert new in ids(found)


def test_a_change_that_becomes_visible_late_is_found_by_the_overlap(org: Org, connecting: Connecting) -> None:
    """A transaction may become visible after a newer stamp was read."""
    reading = connecting(overlap_seconds=600)
    org.later(300)
    org.deal("Newer stamp, seen first")
    _, cursor = swept(reading.crm)
    org.later(-200)
    late = org.deal("Older stamp, seen later")
    found, _ = swept(reading.crm, cursor)
    assert late in ids(found)


def test_a_deleted_deal_is_reported_as_deleted(org: Org, connected: Connected) -> None:
    deal = org.won()
    _, cursor = swept(connected.crm)
    org.later(3600)
    org.delete("Opportunity", deal)
    found, _ = swept(connected.crm, cursor)
    assert [change.deleted for change in found if change.external_id == deal] == [True]


@pytest.mark.parametrize("how", ["added", "edited", "removed"])
def test_a_changed_line_brings_its_deal_back(org: Org, connected: Connected, how: str) -> None:
    deal = org.won()
    line = org.line(deal)
    _, cursor = swept(connected.crm)
    org.later(3600)
    if how == "added":
        org.line(deal, product="MS-RUN")
    elif how == "edited":
        org.change("OpportunityLineItem", line, Role__c="Consultant")
    else:
        org.delete("OpportunityLineItem", line)
    found, _ = swept(connected.crm, cursor)
    assert deal in ids(found)


def test_a_changed_customer_brings_its_committed_deals_back(org: Org, connected: Connected) -> None:
    buyer = org.customer()
    won, still_open = org.won(AccountId=buyer), org.deal(AccountId=buyer)
    _, cursor = swept(connected.crm)
    org.later(3600)
    org.change("Account", buyer, Payment_Terms__c="NET60")
    found, _ = swept(connected.crm, cursor)
    assert won in ids(found)
    assert max(change.version for change in found if change.external_id == won) > max(
        change.version for change in found if change.external_id == still_open
    )


def test_a_change_has_the_time_of_its_modification_as_version(org: Org, connected: Connected) -> None:
    deal = org.deal()
    first, cursor = swept(connected.crm)
    org.later(3600)
    org.change("Opportunity", deal, StageName="Closed Won")
    second, _ = swept(connected.crm, cursor)
    before = max(change.version for change in first if change.external_id == deal)
    after = max(change.version for change in second if change.external_id == deal)
    assert 3_600_000_000 <= after - before < 3_700_000_000
    assert connected.crm is not None
    assert connected.crm.read_opportunity(deal).source_version == after


def test_a_sweep_may_start_at_the_cut_over(org: Org, connecting: Connecting) -> None:
    org.deal()
    found, _ = swept(connecting(changes_since="2099-01-01", overlap_seconds=0).crm)
    assert found == []


def test_a_quiet_sweep_costs_six_calls(org: Org, connected: Connected) -> None:
    org.deal()
    _, cursor = swept(connected.crm)
    before = sum(org.requests().values())
    swept(connected.crm, cursor)
    assert sum(org.requests().values()) - before == 6  # five streams, and the deals of the customers re-read


def test_a_sweep_begins_before_the_end_of_the_last_one(script: Scripted, scripted: Connected) -> None:
    """A transaction may become visible minutes after its stamp; ten minutes are read again."""
    row = b'{"records":[{"Id":"00kdM00003kRs59QAC","SystemModstamp":"2026-05-01T07:25:37.000+0000"}]}'
    script.say(row, row, row, row, b'{"records":[]}')
    crm = scripted.crm
    assert crm is not None
    cursor = crm.list_changed_opportunities(None).cursor
    for _ in range(3):
        del script.paths[:]
        cursor = crm.list_changed_opportunities(cursor).cursor
        begins = [re.search(r"SystemModstamp\s*>=\s*([^ &]+)", unquote_plus(path)) for path in script.paths]
        assert sorted(found[1] for found in begins if found) == [
            "1970-01-01T00:00:00.000Z",
            *["2026-05-01T07:15:37.000Z"] * 4,
        ]


@pytest.mark.parametrize("cursor", ["{", "[]", '{"positions":{"opportunity":7},"running":[]}', '{"positions":{}}'])
def test_a_cursor_that_is_none_of_ours_is_refused(crm: Crm, cursor: str) -> None:
    with pytest.raises(Rejected, match="cursor"):
        crm.list_changed_opportunities(cursor)
