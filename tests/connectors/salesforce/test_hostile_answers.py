"""Answers no Salesforce should give: each becomes one of the three errors, and our token goes to no other host."""

from decimal import Decimal

import pytest

from tests.connectors.salesforce.org import project
from tests.connectors.salesforce.scripted import ORG, Scripted
from tieline.sdk.connected import Connected
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable, Unclear

DEAL = "006dM00003kRs59QAC"
BROKEN = [b"", b"<html>", b"[]", b"null", b"7", b'{"records":7}', b'{"records":[7]}', b'{"records":null}', b"[" * 9000]


@pytest.mark.parametrize("body", BROKEN)
def test_a_read_answered_with_nonsense_is_tried_again(script: Scripted, scripted: Connected, body: bytes) -> None:
    script.say(body)
    assert scripted.crm is not None
    with pytest.raises(Unavailable):
        scripted.crm.read_opportunity(DEAL)


@pytest.mark.parametrize("body", BROKEN)
def test_a_sweep_answered_with_nonsense_is_tried_again(script: Scripted, scripted: Connected, body: bytes) -> None:
    script.say(body)
    assert scripted.crm is not None
    with pytest.raises(Unavailable):
        scripted.crm.list_changed_opportunities(None)


@pytest.mark.parametrize("body", [*BROKEN[:5], b'{"success":true}', b'{"id":"../../x"}'])
def test_a_write_answered_with_nonsense_is_unclear(script: Scripted, scripted: Connected, body: bytes) -> None:
    script.say(body)
    assert scripted.crm is not None
    operation = scripted.crm.show_project
    with pytest.raises(Unclear):
        operation.create(operation.render(project(opportunity_ref=DEAL), {}), "key")


@pytest.mark.parametrize("row", ['{"Id":1}', '{"Id":"x","Name":{}}', '{"Name":[],"IsDeleted":"?"}', "{}"])
def test_a_row_with_wrong_types_never_breaks_us(script: Scripted, scripted: Connected, row: str) -> None:
    script.say(f'{{"records":[{row}],"done":true}}'.encode())
    assert scripted.crm is not None
    with pytest.raises((Rejected, Unavailable)):
        scripted.crm.read_opportunity(DEAL)
    with pytest.raises((Rejected, Unavailable)):
        scripted.crm.read_customer(DEAL)


@pytest.mark.parametrize("following", ["http://evil.example/query", "//evil.example/query", "/other", "7"])
def test_a_next_page_elsewhere_is_not_followed(script: Scripted, scripted: Connected, following: str) -> None:
    script.say(f'{{"records":[],"nextRecordsUrl":"{following}"}}'.encode())
    assert scripted.crm is not None
    with pytest.raises(Unavailable):
        list(scripted.crm.list_opportunity_refs())
    assert len(script.paths) == 1


def test_pages_in_a_circle_end(script: Scripted, scripted: Connected) -> None:
    script.say(b'{"records":[],"nextRecordsUrl":"/services/data/v66.0/query/01g-2000"}')
    assert scripted.crm is not None
    with pytest.raises(Unavailable, match="do not end"):
        list(scripted.crm.list_opportunity_refs())
    assert len(script.paths) == 2


@pytest.mark.parametrize("reference", ["", "x", "006' OR Id != '", "../limits", "006dM00003kRs59QAC/x", "é" * 18])
def test_a_reference_that_is_no_id_asks_nothing(script: Scripted, scripted: Connected, reference: str) -> None:
    assert scripted.crm is not None
    with pytest.raises(Rejected, match="no record id"):
        scripted.crm.read_opportunity(reference)
    with pytest.raises(Rejected, match="no record id"):
        scripted.crm.read_customer(reference)
    assert script.paths == []


def test_lines_on_further_pages_of_a_sub_select_are_read(script: Scripted, scripted: Connected) -> None:
    line = '{"Id":"00k%s","Quantity":1,"UnitPrice":2.5,"SystemModstamp":"2026-05-01T07:25:37.000+0000"}'
    pages = [
        '{"totalSize":3,"done":false,"nextRecordsUrl":"/services/data/v66.0/query/01g-1","records":[%s]}'
        % (line % "A"),
        '{"totalSize":3,"done":false,"nextRecordsUrl":"/services/data/v66.0/query/01g-2","records":[%s]}'
        % (line % "B"),
        '{"totalSize":3,"done":true,"records":[%s]}' % (line % "C"),
    ]
    deal = '"Name":"Deal","StageName":"Closed Won","IsWon":true,"SystemModstamp":"2026-05-01T07:25:36.000+0000"'
    script.say(
        f'{{"done":true,"records":[{{"Id":"{DEAL}",{deal},"OpportunityLineItems":{pages[0]}}}]}}'.encode(),
        pages[1].encode(),
        pages[2].encode(),
    )
    assert scripted.crm is not None
    read = scripted.crm.read_opportunity(DEAL)
    assert [line.amount for line in read.lines] == [Decimal("2.5")] * 3
    assert read.source_version == 1777620337000000


@pytest.mark.parametrize("other", ["006dM00003kRs5AQAC", "001dM00003kRs59QAC", ""])
def test_a_record_nobody_asked_for_is_not_taken_for_the_one_that_was(
    script: Scripted, scripted: Connected, other: str
) -> None:
    script.say(f'{{"records":[{{"Id":"{other}","Name":"Not ours","IsWon":true}}],"done":true}}'.encode())
    assert scripted.crm is not None
    with pytest.raises(Unavailable, match="another record"):
        scripted.crm.read_opportunity(DEAL)


def test_customers_merged_in_a_circle_end(script: Scripted, scripted: Connected) -> None:
    script.say(
        b'{"records":[{"Id":"001dM00003kRs59QAC","Name":"A","IsDeleted":true,"MasterRecordId":"001dM00003kRs59QAC"}]}'
    )
    assert scripted.crm is not None
    with pytest.raises(Rejected, match="does not exist"):
        scripted.crm.read_customer("001dM00003kRs59QAC")
    assert len(script.paths) == 10


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"access_token":"x"}', b'{"access_token":"x","id":"a/b"}'])
def test_a_token_of_another_form_is_no_token(script: Scripted, scripted: Connected, body: bytes) -> None:
    script.token = (200, body)
    with pytest.raises(Unavailable):
        scripted.account()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ('{"error":"invalid_client","error_description":"invalid client credentials"}', "consumer key or secret"),
        ('{"error":"invalid_grant","error_description":"user hasn\'t approved this consumer"}', "pre-authorised"),
        ('{"error":"invalid_grant","error_description":"no client credentials user enabled"}', "run-as user"),
    ],
)
def test_a_refused_sign_in_says_what_to_mend(script: Scripted, scripted: Connected, error: str, words: str) -> None:
    script.token = (400, error.encode())
    with pytest.raises(Unauthorized, match=words):
        scripted.account()


def test_a_sign_in_that_fails_inside_the_vendor_is_tried_again(script: Scripted, scripted: Connected) -> None:
    script.token = (503, b"<html>")
    with pytest.raises(Unavailable):
        scripted.account()


def test_the_organisation_of_the_token_is_the_account(scripted: Connected) -> None:
    assert scripted.account() == ORG
