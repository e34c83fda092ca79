"""The NetSuite stand-in driven by client libraries nobody here wrote, and by Oracle's published signature."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.standins_netsuite.account import certificate_for, new_rsa_key, pem_of
from tieline_standins.core.background import running
from tieline_standins.netsuite import NetSuite
from tieline_standins.netsuite.oauth1 import TokenCredentials, parse_authorization, signature

pytestmark = pytest.mark.conformance
ClientEnv = Callable[[str], Any]


@pytest.fixture
def netsuite() -> Iterator[str]:
    with running(NetSuite) as url:
        yield url
        assert httpx2.get(f"{url}/__standin__/health").json()["bugs"] == []


def test_oracles_published_signature_is_reproduced() -> None:
    header = (
        'OAuth realm="123456", oauth_consumer_key="ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4", '
        'oauth_token="2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc", '
        'oauth_nonce="fjaLirsIcCGVZWzBX0pg", oauth_timestamp="1508242306", '
        'oauth_signature_method="HMAC-SHA256", oauth_version="1.0", '
        'oauth_signature="B5OIWznZ2YP0OB7VrJrGkYsTh%2B8H%2B5T9Hag%2Bo92q0zY%3D"'
    )
    credentials = TokenCredentials(
        consumer_key="ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4",
        consumer_secret="d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5",
        token_id="2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc",
        token_secret="c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295",
    )
    url = "https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40"
    given = parse_authorization(header)
    assert given.signature == "B5OIWznZ2YP0OB7VrJrGkYsTh+8H+5T9Hag+o92q0zY="
    assert signature("GET", url, "", given.parameters.items(), credentials) == given.signature


@pytest.fixture
def python_client(netsuite: str, client_env: ClientEnv) -> dict[str, Any]:
    found: dict[str, Any] = client_env("netsuite_py").run("scenarios.py", netsuite, "standin-token-secret", "all")
    return found


def test_the_python_client_writes_and_reads_records(netsuite: str, python_client: dict[str, Any]) -> None:
    seen = python_client
    assert seen["create"]["status"] == 204
    assert seen["create"]["body"] == ""
    assert seen["create"]["location"].startswith(f"{netsuite}/services/rest/record/v1/customer/")
    assert seen["upserts"] == [None, None]
    record = seen["record"]
    assert record["companyName"] == "Nordwind GmbH"
    assert record["email"] == "a@b.example"
    assert record["subsidiary"]["refName"] == "Halden Marsh GmbH"
    assert record["addressBook"]["links"][0]["rel"] == "self"
    assert "items" not in record["addressBook"]
    assert seen["expanded"]["addressBook"]["items"] == []
    assert seen["gone"]["status"] == 404
    assert seen["gone"]["body"]["o:errorDetails"][0]["o:errorCode"] == "NONEXISTENT_ID"


def test_the_python_client_lists_and_queries(netsuite: str, python_client: dict[str, Any]) -> None:
    seen = python_client
    assert (seen["list"]["count"], seen["list"]["offset"], seen["list"]["totalResults"]) == (1, 1, 2)
    assert seen["list"]["hasMore"] is False
    assert set(seen["list"]["items"][0]) == {"links", "id"}
    assert seen["filtered"]["totalResults"] == 1
    first, second = seen["suiteql"]["items"]
    assert (first["companyname"], first["isinactive"], first["subsidiary"]) == (
        "Nordwind GmbH",
        "F",
        "Halden Marsh GmbH",
    )
    assert isinstance(first["id"], str)
    assert "email" not in second
    assert seen["schema"]["properties"]["companyName"]["type"] == "string"
    assert set(seen["openapi"]["components"]["schemas"]) == {"customer", "job"}
    _check_bill(seen)


def _check_bill(seen: dict[str, Any]) -> None:
    """A vendor's bill for a project."""
    (line,) = seen["bill"]["expense"]["items"]
    assert (line["amount"], line["customer"]["id"], line["memo"]) == (1200, seen["project"], "May")
    assert (seen["bill"]["total"], seen["bill"]["status"]["refName"]) == (1200, "Open")
    (row,) = seen["bill_lines"]["items"]
    assert (row["tranid"], row["posting"], row["vendor"]) == ("KA-77", "T", "Kestrel Analytics")
    assert (row["project"], row["amount"]) == (seen["project"], "1200")


def test_the_python_client_is_told_what_is_wrong(netsuite: str, python_client: dict[str, Any]) -> None:
    seen = python_client
    assert _code(seen["unknown_field"]) == (400, "INVALID_CONTENT")
    assert _code(seen["missing"]) == (400, "USER_ERROR")
    assert "Subsidiary" in seen["missing"]["body"]["o:errorDetails"][0]["detail"]
    assert seen["bad_reference"]["body"]["o:errorDetails"][0] == {
        "detail": "Error while accessing resource: You have entered an Invalid Field Value 9999"
        " for the following field: item",
        "o:errorCode": "INVALID_CONTENT",
        "o:errorPath": "item.items[0].item",
    }
    assert _code(seen["bad_query"]) == (400, "INVALID_PARAMETER")


def test_a_wrong_secret_is_an_invalid_login(netsuite: str, client_env: ClientEnv) -> None:
    seen = client_env("netsuite_py").run("scenarios.py", netsuite, "another-secret", "login")
    assert _code(seen["login"]) == (401, "INVALID_LOGIN")


def test_the_node_client_signs_in_and_reads_what_it_wrote(netsuite: str, client_env: ClientEnv) -> None:
    rule = {"operation": "employee.get", "effect": "status", "status": 429}
    httpx2.post(f"{netsuite}/__standin__/faults", json=rule).raise_for_status()
    seen = client_env("netsuite_rest").run("scenarios.cjs", netsuite)
    assert seen["options"]["status"] == 204
    assert seen["create"]["status"] == 204
    number = seen["create"]["location"].rsplit("/", 1)[1]
    assert seen["read"]["data"]["companyName"] == "Tiefblau & Söhne"
    assert [item["id"] for item in seen["filtered"]["data"]["items"]] == [number]
    assert seen["suiteql"]["data"]["items"] == [{"links": [], "id": number, "externalid": "rest 1"}]
    assert seen["offset"]["status"] == 400
    assert seen["missing"]["status"] == 404
    assert seen["throttled"]["data"]["o:errorDetails"][0]["o:errorCode"] == "CONCURRENCY_LIMIT_EXCEEDED"
    assert seen["throttled"]["data"]["title"] == "Bad Request"


def test_the_sdk_signs_in_with_a_certificate_and_runs_batches(
    netsuite: str, client_env: ClientEnv, tmp_path: Path
) -> None:
    seen = _run_sdk(netsuite, client_env, tmp_path, "kid-1")
    assert seen["create"]["success"] is True
    assert seen["create"]["propertyValidation"]
    assert seen["update"]["id"] == seen["upsert"]["id"]
    assert (seen["read"]["phone"], seen["read"]["companyName"]) == ("1", "B")
    assert "subsidiary" not in seen["read"]
    assert seen["list"]["totalResults"] == 2
    assert seen["suiteql"]["items"][0]["n"] == "2"
    assert (seen["bad"]["failed"], seen["bad"]["code"]) == ("NetSuiteValidationError", "USER_ERROR")
    assert seen["missing"]["status"] == 404
    one, two = seen["batch"]["results"]
    assert (one["success"], two["success"]) == (True, False)
    assert one["recordId"].isdigit()
    assert (seen["again"]["failed"], seen["again"]["jobId"]) == ("NetSuiteIdempotencyError", seen["batchId"])
    assert seen["batchGet"]["results"][0]["result"]["companyName"] == "Batch One"
    assert seen["batchGet"]["failed"] == 1
    assert seen["batchDelete"]["succeeded"] == 1


def test_the_sdk_with_an_unknown_certificate_gets_no_token(
    netsuite: str, client_env: ClientEnv, tmp_path: Path
) -> None:
    seen = _run_sdk(netsuite, client_env, tmp_path, "kid-2", "login")
    assert seen["create"]["failed"] == "NetSuiteAuthError"


def _run_sdk(netsuite: str, client_env: ClientEnv, tmp_path: Path, certificate_id: str, *more: str) -> Any:
    key = new_rsa_key()
    row = {"id": "kid-1", "client_id": "conformance-client", "pem": certificate_for(key)}
    httpx2.post(f"{netsuite}/__standin__/customize", json={"certificates": [row]}).raise_for_status()
    key_file = tmp_path / "key.pem"
    key_file.write_text(pem_of(key))
    return client_env("netsuite_sdk").run("scenarios.cjs", netsuite, str(key_file), certificate_id, *more)


def _code(seen: dict[str, Any]) -> tuple[int, str]:
    return seen["status"], seen["body"]["o:errorDetails"][0]["o:errorCode"]
