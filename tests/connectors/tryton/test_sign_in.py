"""Signing in to the real server, and what the connection can tell about it."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.connectors.tryton.proxy import FaultyProxy
from tests.connectors.tryton.running import VALUES, Server
from tieline.connectors.tryton import connect
from tieline.connectors.tryton.client import Tryton
from tieline.connectors.tryton.settings import read_options
from tieline.sdk.connected import Connected
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable
from tieline.sdk.http import OpenGate


def test_a_wrong_password_is_unauthorized(server: Server) -> None:
    connection = server.connect(password="wrong", user="nobody")
    with pytest.raises(Unauthorized, match="user or password"):
        connection.account()
    connection.close()


def test_another_database_is_unauthorized(server: Server) -> None:
    connection = server.connect(database="elsewhere")
    with pytest.raises(Unauthorized, match="database"):
        connection.account()
    connection.close()


def test_no_server_is_unavailable(server: Server) -> None:
    connection = server.connect(url="http://127.0.0.1:9")
    with pytest.raises(Unavailable, match="cannot be reached"):
        connection.account()
    connection.close()


def test_eight_threads_share_one_session_and_renew_it_once(server: Server, proxy: FaultyProxy) -> None:
    settings = server.settings(url=proxy.url)
    client = Tryton(settings, read_options(settings), OpenGate())
    client.context()
    client._call("common.db.logout", [], write=False)  # as if it had expired
    start = threading.Barrier(8)

    def look(_: int) -> int:
        start.wait(20)
        return len(client.rows("party.party", [], ["name"], limit=1))

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(look, range(8))) == [1] * 8
    assert proxy.calls.count("common.db.login") == 2
    client.close()


def test_long_answers_are_read_in_spite_of_the_gzip_quirk(server: Server, connected: Connected) -> None:
    assert len(connected.describe("customer")) > 20


def test_the_pinned_account_is_compared(server: Server) -> None:
    connection = server.connect(account="production/Halden Marsh GmbH")
    assert connection.account() == server.account
    (finding,) = [one for one in connection.check_live() if one.subject == "account"]
    assert not finding.ok
    assert "pinned to production/Halden Marsh GmbH" in finding.message
    connection.close()


def test_a_complete_connection_has_only_good_findings(connected: Connected) -> None:
    assert [finding for finding in connected.check_live() if not finding.ok] == []


def test_a_value_table_that_names_what_tryton_lacks_is_found(server: Server, tmp_path: Path) -> None:
    shutil.copytree(VALUES, tmp_path, dirs_exist_ok=True)
    with (tmp_path / "payment_terms.csv").open("a") as table:
        table.write("NET90,Net 90\n")
    connection = connect(replace(server.settings(), values=tmp_path), OpenGate())
    (finding,) = [one for one in connection.check_live() if not one.ok]
    assert "no payment term 'Net 90'" in finding.message
    connection.close()


def test_an_unknown_option_is_one_clear_sentence(server: Server) -> None:
    with pytest.raises(ValueError, match="connection tryton-de: colour"):
        server.connect(colour="red")


def test_a_company_the_user_does_not_have_is_refused(server: Server) -> None:
    connection = server.connect(company="Somebody else Ltd")
    with pytest.raises(Rejected, match="no single company 'Somebody else Ltd'"):
        connection.account()
    connection.close()


def test_a_company_is_chosen_by_name(server: Server) -> None:
    connection = server.connect(company=server.account.partition("/")[2])
    assert connection.account() == server.account
    connection.close()


def test_records_can_be_read_as_they_stand(connected: Connected) -> None:
    assert connected.read_raw("customer", "1")["name"] == "Halden Marsh GmbH"
    with pytest.raises(Rejected, match="does not exist in Tryton any more"):
        connected.read_raw("customer", "999999")
    with pytest.raises(Rejected, match="no record id"):
        connected.read_raw("customer", "1 or 1=1")
    with pytest.raises(Rejected, match="Tryton holds no opportunity"):
        connected.read_raw("opportunity", "1")
