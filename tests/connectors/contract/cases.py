"""What the suite runs over: every connector, and every operation its role promises and its vendor can hold."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.connectors.contract.subject import operations_of
from tieline import connectors
from tieline.sdk.connector import ConnectorFacts, RoleName, load_facts

FOLDERS = Path(connectors.__file__).parent
CONNECTORS = sorted(folder.parent.name for folder in FOLDERS.glob("*/connector.toml"))


@dataclass(frozen=True)
class Case:
    """One operation of one connector."""

    connector: str
    operation: str

    def __str__(self) -> str:
        return f"{self.connector}-{self.operation}"


def facts_of(connector: str) -> ConnectorFacts:
    """Its `connector.toml`."""
    return load_facts(FOLDERS / connector)


def _role_of(connector: str) -> RoleName:
    (role,) = facts_of(connector).roles
    return role


def _is_held(case: Case) -> bool:
    facts = facts_of(case.connector).operation.get(case.operation.removeprefix("ensure_"))
    return facts is None or facts.support != "unsupported"


ALL = [Case(connector, name) for connector in CONNECTORS for name in operations_of(_role_of(connector))]
# A credit note is written to Tryton as any other invoice; tests of the connector try one.
SAME = {("tryton", "ensure_credit_memo")}
CASES = [case for case in ALL if _is_held(case) and (case.connector, case.operation) not in SAME]
# A real Tryton takes a second for a call, and writes tasks as it writes projects: by night each is tried, by day one.
BY_NIGHT = {("tryton", "ensure_wbs_element")}
UNCLEAR = [
    pytest.param(case, id=str(case), marks=[pytest.mark.torture] * ((case.connector, case.operation) in BY_NIGHT))
    for case in CASES
]
ONE_EACH = [next(case for case in CASES if case.connector == connector) for connector in CONNECTORS]
KEPT_IN_TIELINE = [case for case in ALL if not _is_held(case)]
