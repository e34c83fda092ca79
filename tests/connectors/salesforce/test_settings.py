"""Options of a connection: wrong ones are refused with the connection's name, before anything is called."""

from typing import Any

import pytest

from tieline.connectors.salesforce.settings import read_options
from tieline.sdk.connector import ConnectionSettings


def settings(account: str = "001dM00003kRs59QAC", **options: Any) -> ConnectionSettings:
    return ConnectionSettings(
        name="sf", connector="salesforce", account=account, url="http://127.0.0.1", options=options, secret=str
    )


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"page_sise": 5}, "page_sise"),
        ({"page_size": 0}, "page_size"),
        ({"api_version": "40.0"}, "api_version"),
        ({"api_version": "../../"}, "api_version"),
        ({"committed_field": "Signed__c) OR (Id != ''"}, "committed_field"),
        ({"change_channel": "/meta/handshake"}, "change_channel"),
        ({"auth": "jwt"}, "username"),
    ],
)
def test_a_wrong_option_is_named_with_its_connection(options: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=f"connection sf: .*{named}"):
        read_options(settings(**options))


def test_a_short_organisation_id_is_answered_with_the_long_one() -> None:
    with pytest.raises(ValueError, match="001dM00003kRs59QAC"):
        read_options(settings(account="001dM00003kRs59"))


def test_won_deals_are_committed_unless_the_site_has_another_rule() -> None:
    assert read_options(settings()).committed == "IsWon = true"
    assert read_options(settings(committed_stages=["Signed", "Won'"])).committed == "StageName IN ('Signed', 'Won\\'')"
    assert read_options(settings(committed_field="Signed__c")).committed == "Signed__c = true"


def test_an_api_version_may_be_written_with_a_v() -> None:
    assert read_options(settings(api_version="v66.0")).api_version == "66.0"
