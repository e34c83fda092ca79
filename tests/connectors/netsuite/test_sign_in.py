"""Signing in: assertions and signatures NetSuite accepts, tokens renewed once, and credentials of another account."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.connectors.netsuite import records as r
from tests.connectors.netsuite.ledgers import Connecting, Ledgers, key_pair
from tieline.connectors.netsuite import connect
from tieline.connectors.netsuite.tba import TokenSigner, signature
from tieline.sdk.connected import Connected
from tieline.sdk.connector import ConnectionSettings
from tieline.sdk.errors import Unauthorized, Unavailable
from tieline.sdk.http import OpenGate

EVERYBODY = 9


def people(connected: Connected) -> int:
    assert connected.erp is not None
    return len(connected.erp.list_people())


def tokens(ledgers: Ledgers) -> int:
    return Counter(ledgers.requests())["oauth2.token"]


def test_the_signature_is_the_one_oracle_publishes() -> None:
    """Oracle help, section_1534941088: the example of a signed GET."""
    parameters = {
        "oauth_consumer_key": "ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4",
        "oauth_token": "2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc",
        "oauth_nonce": "fjaLirsIcCGVZWzBX0pg",
        "oauth_timestamp": "1508242306",
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_version": "1.0",
    }
    signed = signature(
        "GET",
        "https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40",
        parameters,
        "d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5",
        "c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295",
    )
    assert signed == "B5OIWznZ2YP0OB7VrJrGkYsTh+8H+5T9Hag+o92q0zY="


def test_two_signatures_never_share_a_nonce() -> None:
    signer = TokenSigner(realm="1", consumer_key="a", consumer_secret="b", token="c", token_secret="d")
    url = "https://1.suitetalk.api.netsuite.com/x"
    assert signer.headers("GET", url) != signer.headers("GET", url)


@pytest.mark.parametrize("kind", ["PS256", "ES256"])
def test_an_assertion_signed_with_either_kind_of_key_is_accepted(
    ledgers: Ledgers, connecting: Connecting, kind: str
) -> None:
    ledgers.trust(kind)
    assert people(connecting(kind)) == EVERYBODY


def test_a_connection_with_token_based_authentication_signs_queries_and_references(
    ledgers: Ledgers, connecting: Connecting
) -> None:
    ledgers.set(reject_replayed_nonce=True, timestamp_window_seconds=300)
    assert people(connecting(auth="tba")) == EVERYBODY
    assert tokens(ledgers) == 0


def test_signed_writes_and_reads_of_records_under_our_references_are_accepted(connecting: Connecting) -> None:
    erp = connecting(auth="tba").erp
    assert erp is not None
    links = r.booked(erp)
    invoice = r.write(erp.ensure_invoice, r.invoice(), **links)
    assert r.write(erp.ensure_invoice, r.invoice(), **links) == invoice
    assert erp.read_invoice(invoice).id == "inv_1"


def test_one_token_serves_many_calls(ledgers: Ledgers, connected: Connected) -> None:
    for _ in range(3):
        people(connected)
    assert tokens(ledgers) == 1


def test_an_expired_token_is_renewed_once_by_eight_threads(ledgers: Ledgers, connected: Connected) -> None:
    people(connected)
    ledgers.later(3601)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: people(connected), range(8)))
    assert found == [EVERYBODY] * 8
    assert tokens(ledgers) == 2


def test_a_token_that_is_about_to_end_is_not_used(ledgers: Ledgers, connected: Connected) -> None:
    ledgers.set(token_seconds=60)  # no longer than the margin at the end of a token's life
    assert people(connected) == people(connected) == EVERYBODY
    assert tokens(ledgers) == 2


def test_a_key_nobody_registered_is_unauthorized_in_plain_words(ledgers: Ledgers, connecting: Connecting) -> None:
    ledgers.trust("ES256")  # the certificate id now belongs to another key
    with pytest.raises(Unauthorized, match=r"refused to sign us in.*private key"):
        people(connecting("PS256"))


def test_a_secret_that_is_no_key_is_unauthorized(ledgers: Ledgers) -> None:
    settings = ledgers.settings()
    broken = ConnectionSettings(
        name="netsuite",
        connector="netsuite",
        account=settings.account,
        url=settings.url,
        options=settings.options,
        values=settings.values,
        secret={"private_key": "-----BEGIN NOTHING-----"}.__getitem__,
    )
    connected = connect(broken, OpenGate())
    with pytest.raises(Unauthorized, match="private_key"):
        people(connected)
    connected.close()


@pytest.mark.parametrize("auth", ["oauth2", "tba"])
def test_credentials_of_another_account_are_refused(ledgers: Ledgers, connecting: Connecting, auth: str) -> None:
    ledgers.set(account="7654321")
    connected = connecting(auth=auth)
    with pytest.raises(Unauthorized):
        connected.account()
    findings = connected.check_live()
    assert [(finding.ok, finding.subject) for finding in findings] == [(False, "credentials")]


def test_a_refused_signature_is_not_tried_again(ledgers: Ledgers, connecting: Connecting) -> None:
    connected = connecting(auth="tba", account="9999999")
    with pytest.raises(Unauthorized, match="Login Audit Trail"):
        people(connected)
    assert ledgers.requests()["suiteql.query"] == 1


def test_a_token_endpoint_that_is_down_is_unavailable(ledgers: Ledgers, connected: Connected) -> None:
    ledgers.fault("oauth2.token", "status", status=503)
    with pytest.raises(Unavailable):
        people(connected)
    assert people(connected) == EVERYBODY


def test_no_secret_shows_in_what_a_connection_prints(ledgers: Ledgers, connected: Connected) -> None:
    shown = repr(connected)
    assert key_pair("PS256")[0].splitlines()[1] not in shown
    assert "standin-token-secret" not in shown
