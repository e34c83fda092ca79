"""Sessions and tokens, the daily allowance, faults in the vendor's format, and what survives a kill."""

import base64
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.standins_salesforce.conftest import CREDENTIALS, Caller

JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
USER = "integration@haldenmarsh.example"
KEY = rsa.generate_private_key(65537, 2048)


def token(sf: Caller, **form: str) -> httpx2.Response:
    return sf.http.post("/services/oauth2/token", data=form)


def refusal(answer: httpx2.Response) -> str:
    assert answer.status_code == 400
    assert answer.json()["error_description"]
    return str(answer.json()["error"])


def assertion(algorithm: str = "RS256", **claims: Any) -> str:
    def packed(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    base = {"iss": CREDENTIALS["client_id"], "sub": USER, "aud": "https://login.salesforce.com"}
    signed = f"{packed({'alg': algorithm})}.{packed(base | {'exp': int(time.time()) + 120} | claims)}"
    signature = KEY.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def register(sf: Caller, **more: Any) -> None:
    pem = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    app = {"consumerKey": CREDENTIALS["client_id"], "certificate": pem.decode(), **more}
    sf.control("customize", {"connectedApps": [app]})


def test_a_token_answer_has_the_documented_members_and_no_lifetime(sf: Caller) -> None:
    answer = token(sf, grant_type="client_credentials", **CREDENTIALS).json()
    assert set(answer) == {"access_token", "signature", "scope", "instance_url", "id", "token_type", "issued_at"}
    org, user = answer["id"].split("/")[-2:]
    assert (org[:3], user[:3], answer["issued_at"].isdecimal()) == ("00D", "005", True)


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "unsupported_grant_type"),
        ({"grant_type": "magic"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "invalid_client_id"),
        ({"grant_type": "client_credentials", **CREDENTIALS, "client_secret": "x"}, "invalid_client"),
        ({"grant_type": "password", **CREDENTIALS, "username": USER, "password": "x"}, "invalid_grant"),
        ({"grant_type": "refresh_token", **CREDENTIALS, "refresh_token": "x"}, "invalid_grant"),
        ({"grant_type": JWT, "assertion": "a.b.c"}, "invalid_grant"),
        ({"grant_type": JWT, "assertion": ""}, "invalid_grant"),
    ],
)
def test_a_token_request_that_is_wrong_is_refused(sf: Caller, form: dict[str, str], error: str) -> None:
    assert refusal(token(sf, **form)) == error


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({"exp": 1}, "invalid_grant"),
        ({"exp": int(time.time()) + 3600}, "invalid_grant"),
        ({"aud": "https://evil.example"}, "invalid_grant"),
        ({"sub": "nobody@example.com"}, "invalid_grant"),
        ({"iss": "unknown"}, "invalid_client_id"),
        ({"algorithm": "none"}, "invalid_grant"),
        ({"exp": "soon"}, "invalid_grant"),
    ],
)
def test_an_assertion_is_checked_in_every_part(sf: Caller, claims: dict[str, Any], error: str) -> None:
    register(sf)
    assert token(sf, grant_type=JWT, assertion=assertion()).status_code == 200
    assert token(sf, grant_type=JWT, assertion=assertion(exp=str(int(time.time()) + 120))).status_code == 200
    assert refusal(token(sf, grant_type=JWT, assertion=assertion(**claims))) == error


def test_an_app_without_approval_or_user_gets_no_token(sf: Caller) -> None:
    register(sf, preauthorized=False, runAs=None)
    assert "approved this consumer" in token(sf, grant_type=JWT, assertion=assertion()).json()["error_description"]
    assert refusal(token(sf, grant_type="client_credentials", **CREDENTIALS)) == "invalid_grant"


def test_a_session_ends_with_time_by_revocation_and_by_fault(sf: Caller) -> None:
    sf.later(7201)
    assert sf.refused("GET", "limits") == (401, "INVALID_SESSION_ID")
    sf.log_in()
    assert sf.http.post("/services/oauth2/revoke", data={"token": sf.token}).status_code == 200
    assert sf.refused("GET", "limits") == (401, "INVALID_SESSION_ID")
    sf.log_in()
    sf.control("faults", {"operation": "limits", "effect": "expire_token", "times": 1})
    assert sf.refused("GET", "limits") == (401, "INVALID_SESSION_ID")


def test_every_rest_answer_tells_the_usage_and_the_allowance_is_a_rolling_day(sf: Caller) -> None:
    sf.control("customize", {"settings": {"daily_api_requests": 3}})
    used = [sf.call("GET", "limits").headers["sforce-limit-info"] for _ in range(3)]
    assert used == [f"api-usage={n}/3" for n in (1, 2, 3)]
    assert sf.refused("GET", "limits") == (403, "REQUEST_LIMIT_EXCEEDED")
    assert "sforce-limit-info" not in sf.http.get("/services/data").headers
    sf.later(24 * 3600 + 120)
    sf.log_in()
    assert sf.call("GET", "limits").json()["DailyApiRequests"] == {"Max": 3, "Remaining": 2}


@pytest.mark.parametrize(
    ("status", "code"), [(429, "REQUEST_LIMIT_EXCEEDED"), (500, "UNKNOWN_EXCEPTION"), (503, "SERVER_UNAVAILABLE")]
)
def test_faults_speak_the_vendors_format(sf: Caller, status: int, code: str) -> None:
    sf.control("faults", {"operation": "Account.create", "effect": "status", "status": status, "times": 1})
    assert sf.refused("POST", "sobjects/Account", {"Name": "A"}) == (status, code)
    assert sf.operations() == []
    assert sf.create("Account", Name="A")


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("PATCH", "sobjects/Account/Ext_Id__c/1", "Account.upsert"),
        ("PATCH", "sobjects/Account/001", "Account.update"),
        ("GET", "sobjects/Account/describe", "Account.describe"),
        ("POST", "composite", "composite"),
        ("POST", "composite/graph", "composite.graph"),
        ("PATCH", "composite/sobjects/Account/Ext_Id__c", "collections.upsert"),
        ("PUT", "jobs/ingest/750/batches", "jobs.ingest.upload"),
        ("GET", "query/0r8-2000", "query.more"),
        ("POST", "/services/oauth2/token", "oauth.token"),
        ("POST", "/cometd/66.0", "cometd"),
        ("GET", "/%ff/../x", "unknown"),
    ],
)
def test_requests_are_counted_by_operation(sf: Caller, method: str, path: str, operation: str) -> None:
    before = sf.http.get("/__standin__/requests").json()["operations"].get(operation, 0)
    sf.call(method, path)
    assert sf.http.get("/__standin__/requests").json()["operations"][operation] == before + 1


@contextmanager
def process(state: Path) -> Iterator[tuple[subprocess.Popen[str], httpx2.Client]]:
    program = "from tieline_standins.cli import main; main()"
    command = [sys.executable, "-c", program, "run", "salesforce=0", "--state", str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            url = json.loads(running.stdout.readline())["ready"]["salesforce"]
            with httpx2.Client(base_url=url, timeout=30) as http:
                yield running, http
        finally:
            running.kill()


def test_records_keys_jobs_and_sessions_survive_a_kill(tmp_path: Path) -> None:
    with process(tmp_path) as (running, http):
        sf = Caller(http)
        field = {"object": "Account", "name": "Ext_Id__c", "externalId": True, "unique": True}
        sf.control("customize", {"fields": [field]})
        customer = sf.create("Account", Name="A", Ext_Id__c="E1")
        assert sf.refused("POST", "sobjects/Account", {"Name": "B", "Ext_Id__c": "E1"})[0] == 400
        job = sf.call("POST", "jobs/ingest", {"object": "Account", "operation": "insert"}).json()["id"]
        sf.call("PUT", f"jobs/ingest/{job}/batches", content=b"Name\nBulk\n")
        sf.call("PATCH", f"jobs/ingest/{job}", {"state": "UploadComplete"})
        row, ledger = sf.read("Account", customer), http.get("/__standin__/ledger").json()
        running.send_signal(signal.SIGKILL)
        running.wait()
    with process(tmp_path) as (_, http):
        sf.http = http
        assert sf.read("Account", customer) == row
        assert http.get("/__standin__/ledger").json() == ledger
        assert sf.names("SELECT Name FROM Account WHERE Name IN ('A', 'Bulk')") == ["A", "Bulk"]
        assert sf.refused("POST", "sobjects/Account", {"Name": "B", "Ext_Id__c": "E1"})[1] == "DUPLICATE_VALUE"
        assert sf.create("Account", Name="C") not in {entry["key"] for entry in ledger["entries"]}
        assert http.get("/__standin__/health").json()["bugs"] == []
