"""What an administrator or the vendor decides about an org, and every behaviour the fact sheet leaves unverified.

Defaults of lines marked [K] are general platform knowledge, not confirmed; tests must not rely on them as the vendor's.
"""

from dataclasses import dataclass, field, fields

from tieline_standins.core.http import Json
from tieline_standins.core.vendor import ControlError


@dataclass
class ConnectedApp:
    """An External Client App: who may get tokens, and how."""

    consumer_key: str
    consumer_secret: str
    run_as: str | None  # user name of the client-credentials flow; None: "no client credentials user enabled"
    certificate: str | None = None  # PEM certificate or public key that verifies JWT assertions
    preauthorized: bool = True  # False: JWT is refused with "user hasn't approved this consumer"


@dataclass
class Settings:
    """All of them may be changed with `customize` under `settings`."""

    session_seconds: int = 7200  # section 2: session time-out of the org, 2 h [K]
    daily_api_requests: int = 1_000_000  # section 9: 15,000 in a developer org; rolling 24 h
    enforce_daily_limit: bool = True
    multi_currency: bool = True  # section 9: CurrencyIsoCode exists only in a multi-currency org
    deleted_status: int = 404  # status of ENTITY_IS_DELETED; section 8 lists the code under 400 [K]
    amount_with_products: str = "ignore"  # section 3: Amount is read-only once lines exist: ignore | refuse [K]
    plus_is_blank_in_paths: bool = True  # section 3: what simple-salesforce needs to find "E 1"; the real server no [K]
    subrequest_limit: int = 25  # section 5
    query_subrequest_limit: int = 5  # section 5 [K]
    query_page: int = 2000  # section 4
    open_cursors: int = 50  # query locators kept before the oldest is closed [K]
    cursor_seconds: int = 172_800  # life of a query locator, 2 days [K]
    bulk_polls: int = 1  # how many polls see a bulk job InProgress before JobComplete
    bulk_query_page: int = 50_000  # rows of a result page when maxRecords is not given [K]
    event_retention_seconds: int = 72 * 3600  # section 7
    expired_replay_id: str = "refuse"  # a replay id older than what is retained: refuse | earliest [K]
    connect_timeout_seconds: int = 110  # section 7: advice of long polls
    session_idle_seconds: int = 120  # a CometD session without a poll for so long is gone [K]
    event_batch: int = 500  # most events in one CometD answer
    duplicate_rules: list[str] = field(default_factory=list)  # objects whose records of one Name alert (section 8)
    captured: list[str] | None = None  # objects with Change Data Capture; None: all that can have it

    def change(self, values: Json) -> None:
        """Apply `{"name": value}`. Raises ControlError for an unknown name or a value of another type."""
        if not isinstance(values, dict):
            raise ControlError("`settings` is an object of names and values")
        known = {each.name: getattr(self, each.name) for each in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ControlError(f"unknown setting {name!r}; known: {', '.join(sorted(known))}")
            if name != "captured" and type(value) is not type(known[name]):
                raise ControlError(f"setting {name!r} takes a {type(known[name]).__name__}")
            if name == "captured" and not (value is None or isinstance(value, list)):
                raise ControlError("setting 'captured' takes a list of object names, or null for all")
        for name, value in values.items():
            setattr(self, name, value)


@dataclass
class Access:
    """Connected apps and passwords of the seeded org."""

    apps: dict[str, ConnectedApp] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)  # user name -> password followed by security token


INTEGRATION_USER = "integration@haldenmarsh.example"


def default_access() -> Access:
    """One app and one integration user: documented credentials, to be used on a loopback address only."""
    app = ConnectedApp("3MVG9haldenmarsh.tieline", "halden-marsh-consumer-secret", run_as=INTEGRATION_USER)
    return Access({app.consumer_key: app}, {INTEGRATION_USER: "halden-marsh-passwordSECTOKEN"})
