"""Token, account, checks, discovery and settings of a connection."""

import threading
from collections.abc import Callable

import pytest

from tests.connectors.kantata.delivery import LENA, TOKEN, Delivery, ensure, project, task
from tieline.connectors.kantata.settings import read_options
from tieline.sdk.connected import Connected
from tieline.sdk.errors import Rejected, Unauthorized
from tieline.sdk.roles import Psa


def test_the_account_of_the_token_is_told(connected: Connected) -> None:
    assert connected.account() == "1"


def test_another_account_than_the_pinned_one_is_found(connecting: Callable[..., Connected]) -> None:
    (finding,) = connecting(account="77").check_live()
    assert not finding.ok
    assert finding.message == "the token belongs to account 1; the connection is pinned to 77"


def test_a_sound_connection_passes_all_checks(connecting: Callable[..., Connected], delivery: Delivery) -> None:
    delivery.customize(settings={"events_addon": True, "unknown_parameters": "ignore"})
    delivery.project()
    findings = connecting(events=True, approvers=[LENA]).check_live()
    assert [finding for finding in findings if not finding.ok] == []
    assert {"account", "custom fields", "rights", "approvers", "events", "approvals"} == {
        one.subject for one in findings
    }


def test_the_checks_name_what_is_missing(connecting: Callable[..., Connected], delivery: Delivery) -> None:
    delivery.customize(settings={"unknown_parameters": "ignore"})
    delivery.project(require_time_approvals=False)
    for row in delivery.list("custom_fields", subject_type="Workspace"):
        if row["name"] == "Unbilled":
            delivery.call("DELETE", f"custom_fields/{row['id']}")
    findings = connecting(events=True, approvers=["nobody@example.com"]).check_live()
    wrong = {finding.subject: finding.message for finding in findings if not finding.ok}
    assert wrong["custom fields"].endswith("see: Unbilled")
    assert "nobody@example.com" in wrong["approvers"]
    assert "may not do this" in wrong["events"]
    assert wrong["approvals"].startswith("1 projects need no approval")


def test_a_revoked_token_pauses_the_connection_and_a_new_one_is_taken_up(
    connected: Connected, delivery: Delivery
) -> None:
    delivery.fault("users.show", "expire_token")
    with pytest.raises(Unauthorized) as refused:
        connected.account()
    assert "put a new one into the site's secrets" in refused.value.message
    (finding,) = connected.check_live()
    assert (finding.ok, finding.subject) == (False, "token")
    delivery.customize(tokens={"fresh-token": {"user": LENA, "admin": True}})
    delivery.secrets["token"] = "fresh-token"
    assert connected.account() == "1"


def test_eight_threads_take_up_a_new_token_together(connecting: Callable[..., Connected], delivery: Delivery) -> None:
    secrets = delivery.secrets = Counting(delivery.secrets)
    connected = connecting()
    delivery.fault("users.show", "expire_token")
    delivery.customize(tokens={"fresh-token": {"user": LENA, "admin": True}})
    secrets["token"] = "fresh-token"
    answers: list[str] = []
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        answers.append(connected.account())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["1"] * 8
    assert secrets.reads == 2


class Counting(dict[str, str]):
    """Secrets that count how often they are read."""

    reads = 0

    def __getitem__(self, name: str) -> str:
        self.reads += 1
        return super().__getitem__(name)


@pytest.mark.parametrize("token", ["", "two words", "ümlaut", "line\nbreak"])
def test_a_secret_that_is_no_token_is_refused_at_once(delivery: Delivery, token: str) -> None:
    delivery.secrets = {"token": token}
    with pytest.raises(ValueError, match="no access token"):
        delivery.connect()


def test_wrong_options_are_named(delivery: Delivery) -> None:
    with pytest.raises(ValueError, match=r"connection kantata: .*page_size") as wrong:
        read_options(delivery.settings(page_size=500, colour="red"))
    assert "colour" in str(wrong.value)


def test_discovery_lists_real_and_custom_fields(connected: Connected, psa: Psa) -> None:
    ensure(psa.ensure_project, project())
    fields = {str(field["name"]): field for field in connected.describe("project")}
    assert fields["title"]["custom"] is False
    assert fields["custom_fields.Unbilled"] == {
        "name": "custom_fields.Unbilled",
        "type": "currency",
        "required": False,
        "custom": True,
        "label": "Unbilled",
    }
    with pytest.raises(Rejected):
        connected.describe("invoice")


def test_a_record_is_shown_as_it_stands(connected: Connected, psa: Psa) -> None:
    workspace = ensure(psa.ensure_project, project())
    story = ensure(psa.ensure_wbs_element, task(), project=workspace)
    assert connected.read_raw("project", workspace)["title"] == "Grid modernisation"
    assert connected.read_raw("wbs_element", story)["workspace_id"] == workspace
    with pytest.raises(Rejected) as refused:
        connected.read_raw("project", "../users/me")
    assert "no record id" in refused.value.message
    assert TOKEN not in refused.value.message
