"""Who gets in: OAuth 1.0a, client credentials with a certificate, permissions."""

import hashlib
import hmac
import time
from base64 import b64encode
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from tests.standins_netsuite.account import (
    RECORDS,
    TOKENS,
    Caller,
    Key,
    ask_for_token,
    assertion,
    certificate_for,
    new_ec_key,
    new_rsa_key,
)
from tieline_standins.netsuite.auth import DEFAULT_CREDENTIALS


def signed_get(base: str, path: str, query: dict[str, str] | None = None, **changed: str) -> httpx2.Response:
    """A signature written out by hand from RFC 5849, independent of the stand-in's."""
    oauth = {
        "oauth_consumer_key": DEFAULT_CREDENTIALS.consumer_key,
        "oauth_token": DEFAULT_CREDENTIALS.token_id,
        "oauth_nonce": "nonce1",
        "oauth_timestamp": str(int(time.time())),
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_version": "1.0",
    } | {name: value for name, value in changed.items() if name != "realm"}
    pairs = sorted((quote(name, safe="~"), quote(value, safe="~")) for name, value in (oauth | (query or {})).items())
    normal = "&".join(f"{name}={value}" for name, value in pairs)
    text = f"GET&{quote(base + path, safe='~')}&{quote(normal, safe='~')}"
    secret = f"{DEFAULT_CREDENTIALS.consumer_secret}&{DEFAULT_CREDENTIALS.token_secret}"
    made = b64encode(hmac.digest(secret.encode(), text.encode(), hashlib.sha256)).decode()
    sent = oauth | {"oauth_signature": made}
    header = f'OAuth realm="{changed.get("realm", "TSTDRV1234567_SB1")}", '
    header += ", ".join(f'{name}="{quote(value, safe="~")}"' for name, value in sent.items())
    return httpx2.get(base + path, params=query, headers={"authorization": header})


def test_a_signature_over_the_requested_address_and_its_query_is_accepted(netsuite: Caller) -> None:
    answer = signed_get(netsuite.base, f"{RECORDS}/employee", {"q": 'email START_WITH "priya"', "limit": "5"})
    assert answer.json()["totalResults"] == 1


@pytest.mark.parametrize(
    "changed", [{"oauth_token": "another"}, {"realm": "OTHER"}, {"oauth_signature_method": "HMAC-SHA1"}]
)
def test_a_wrong_token_realm_or_method_is_an_invalid_login(netsuite: Caller, changed: dict[str, str]) -> None:
    answer = signed_get(netsuite.base, f"{RECORDS}/employee", None, **changed)
    assert netsuite.refusal(answer)[:2] == (401, "INVALID_LOGIN")
    assert answer.json()["title"] == "Unauthorized"


def test_a_signature_for_another_address_is_an_invalid_login(netsuite: Caller) -> None:
    answer = signed_get(netsuite.base.replace("127.0.0.1", "localhost"), f"{RECORDS}/employee")
    assert answer.status_code == 200
    header = answer.request.headers["authorization"]
    moved = httpx2.get(f"{netsuite.base}{RECORDS}/employee", headers={"authorization": header})
    assert moved.status_code == 401


def test_a_replayed_nonce_is_refused_only_when_switched_on(netsuite: Caller) -> None:
    path, at = f"{RECORDS}/employee", {"oauth_timestamp": "1795249490"}
    assert [signed_get(netsuite.base, path, None, **at).status_code for _ in range(2)] == [200, 200]
    netsuite.customize({"settings": {"reject_replayed_nonce": True}})
    assert [signed_get(netsuite.base, path, None, **at).status_code for _ in range(2)] == [200, 401]


def test_the_token_endpoint_answers_a_string_of_seconds(netsuite: Caller, key: Key) -> None:
    answer = ask_for_token(netsuite.http, assertion(key, netsuite.base + TOKENS))
    assert answer.json()["expires_in"] == "3600"
    assert answer.json()["token_type"] == "bearer"


def test_an_assertion_addressed_to_the_accounts_real_host_is_accepted(netsuite: Caller, key: Key) -> None:
    real = f"https://tstdrv1234567-sb1.suitetalk.api.netsuite.com{TOKENS}"
    assert ask_for_token(netsuite.http, assertion(key, real)).status_code == 200


def test_an_rsa_certificate_signs_with_ps256_but_not_with_rs256(netsuite: Caller) -> None:
    rsa_key = new_rsa_key()
    row = {"id": "rsa", "client_id": "test-client", "pem": certificate_for(rsa_key)}
    netsuite.customize({"certificates": [row]})
    audience = netsuite.base + TOKENS
    answers = [ask_for_token(netsuite.http, assertion(rsa_key, audience, alg, "rsa")) for alg in ("PS256", "RS256")]
    assert [answer.status_code for answer in answers] == [200, 401]


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "another-client"},
        {"aud": "https://elsewhere.example/token"},
        {"scope": "restlets"},
        {"exp": 1000},
        {"exp": int(time.time()) + 9000},
    ],
)
def test_a_wrong_claim_gets_no_token(netsuite: Caller, key: Key, changed: dict[str, Any]) -> None:
    answer = ask_for_token(netsuite.http, assertion(key, netsuite.base + TOKENS, **changed))
    assert answer.status_code in (400, 401)
    assert "error" in answer.json()


def test_an_assertion_of_another_key_gets_no_token(netsuite: Caller) -> None:
    answer = ask_for_token(netsuite.http, assertion(new_ec_key(), netsuite.base + TOKENS))
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "e30.e30.e30", "☃.☃.☃"])
def test_a_mangled_assertion_gets_no_token(netsuite: Caller, text: str) -> None:
    assert ask_for_token(netsuite.http, text).status_code in (400, 401)


def test_a_certificate_for_more_than_two_years_cannot_be_registered(netsuite: Caller, key: Key) -> None:
    row = {"id": "long", "client_id": "test-client", "pem": certificate_for(key, days=900)}
    assert netsuite.http.post("/__standin__/customize", json={"certificates": [row]}).status_code == 400


def test_a_token_ends_after_an_hour_of_the_stand_ins_clock(netsuite: Caller) -> None:
    assert netsuite.send("GET", "/employee").status_code == 200
    netsuite.http.post("/__standin__/clock", json={"offset_seconds": 3601})
    assert netsuite.refusal(netsuite.send("GET", "/employee"))[:2] == (401, "INVALID_LOGIN")


def test_an_expired_token_by_fault_is_refused_from_then_on(netsuite: Caller) -> None:
    rule = {"operation": "employee.list", "effect": "expire_token", "times": 1}
    netsuite.http.post("/__standin__/faults", json=rule)
    assert [netsuite.send("GET", "/employee").status_code for _ in range(2)] == [401, 401]


def test_a_record_the_role_may_not_change_answers_403(netsuite: Caller) -> None:
    netsuite.customize({"permissions": {"customer": "view"}})
    answer = netsuite.send("POST", "/customer", {"companyName": "A", "subsidiary": {"id": "1"}})
    assert netsuite.refusal(answer)[:2] == (403, "INSUFFICIENT_PERMISSION")
    assert netsuite.send("GET", "/customer").status_code == 200


def test_without_any_authorization_nothing_is_answered(netsuite: Caller) -> None:
    assert httpx2.get(f"{netsuite.base}{RECORDS}/employee").status_code == 401
