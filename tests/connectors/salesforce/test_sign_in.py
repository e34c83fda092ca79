"""Tokens: got once, renewed once, and never used for another organisation."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.connectors.salesforce.org import CLIENT_ID, Connecting, Org
from tests.connectors.salesforce.scripted import ORG, Scripted
from tieline.sdk.connected import Connected
from tieline.sdk.errors import Rejected, Unauthorized
from tieline.sdk.roles import Crm


def tokens(org: Org) -> int:
    return sum(count for name, count in org.requests().items() if "token" in name)


def test_many_calls_need_one_token(org: Org, crm: Crm) -> None:
    before = tokens(org)
    deal = org.deal()
    for _ in range(5):
        crm.read_opportunity(deal)
    assert tokens(org) - before == 1


def test_an_expired_token_is_renewed_once_and_the_call_repeated(org: Org, crm: Crm) -> None:
    deal = org.deal()
    crm.read_opportunity(deal)
    before = tokens(org)
    org.fault("*query*", "expire_token")
    assert crm.read_opportunity(deal).name == "Grid modernisation"
    assert tokens(org) - before == 1


def test_eight_threads_that_meet_an_expired_token_renew_it_once(script: Scripted, scripted: Connected) -> None:
    script.first_token_ends_for = Barrier(8)
    script.say(b'{"records":[{"Id":"006dM00003kRs59QAC"}]}')
    crm = scripted.crm
    assert crm is not None
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: list(crm.list_opportunity_refs()), range(8)))
    assert found == [["006dM00003kRs59QAC"]] * 8
    assert script.tokens == 2


def test_a_wrong_secret_pauses_the_connection(org: Org, connecting: Connecting) -> None:
    wrong = connecting(secret="no")
    assert wrong.crm is not None
    with pytest.raises(Unauthorized):
        wrong.crm.read_opportunity(org.deal())


def test_credentials_of_another_organisation_send_nothing(org: Org, connecting: Connecting) -> None:
    other = connecting(account=ORG)
    deal = org.deal()
    before = len(org.ledger())
    assert other.crm is not None
    with pytest.raises(Unauthorized, match="pinned"):
        other.crm.read_opportunity(deal)
    assert other.account() == org.account
    assert len(org.ledger()) == before
    assert [(finding.ok, finding.subject) for finding in other.check_live()] == [(False, "account")]


def test_a_jwt_signs_in_without_a_client_secret(org: Org, connecting: Connecting) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    org.customize(connectedApps=[{"consumerKey": CLIENT_ID, "certificate": public.decode()}])
    connection = connecting(
        auth="jwt",
        username="integration@haldenmarsh.example",
        private_key=private,
        secret="unused",
        audience="https://login.salesforce.com",
    )
    assert connection.account() == org.account


def test_a_broken_private_key_is_named(org: Org, connecting: Connecting) -> None:
    connection = connecting(auth="jwt", username="integration@haldenmarsh.example", private_key="-----")
    with pytest.raises(Unauthorized, match="private_key"):
        connection.account()


def test_the_live_check_finds_everything_in_its_place(connected: Connected) -> None:
    findings = connected.check_live()
    assert [finding for finding in findings if not finding.ok] == []
    assert {"account", "Opportunity", "Tieline_Project__c", "calls"} <= {finding.subject for finding in findings}
    (calls,) = (finding.message for finding in findings if finding.subject == "calls")
    assert f" of {connected.allowance():,} calls are left today" in calls


def test_the_live_check_names_what_an_administrator_has_to_create(org: Org, connecting: Connecting) -> None:
    findings = connecting(committed_field="Signed__c").check_live()
    assert [(finding.subject, "Signed__c" in finding.message) for finding in findings if not finding.ok] == [
        ("Opportunity", True)
    ]


def test_an_object_is_described_for_discovery(connected: Connected) -> None:
    fields = {field["name"]: field for field in connected.describe("customer")}
    assert (fields["Name"]["required"], fields["Phone"]["required"]) == (True, False)
    assert (fields["Tax_Id__c"]["custom"], fields["Tax_Id__c"]["label"]) == (True, "Tax Id")


@pytest.mark.parametrize("name", ["project", "project_summary"])
def test_our_own_records_can_be_looked_at_raw(org: Org, connected: Connected, name: str) -> None:
    identifier = org.create("Tieline_Project__c", Name="Shown", Tieline_Id__c="prj_1")
    assert connected.read_raw(name, identifier)["Tieline_Id__c"] == "prj_1"


def test_a_record_this_connection_does_not_hold_is_named(connected: Connected) -> None:
    with pytest.raises(Rejected, match="'time_entry' is nothing this connection holds"):
        connected.describe("time_entry")


def test_a_record_is_explained_field_by_field(org: Org, connected: Connected) -> None:
    raw = connected.read_raw("customer", org.customer("Explained Inc", BillingCountry="Atlantis"))
    rows = {row.canonical: row for row in connected.mappings["customer"].explain(raw)}
    assert (rows["name"].value, rows["name"].problem) == ("Explained Inc", None)
    assert "country" in rows["billing_address.country"].problem
