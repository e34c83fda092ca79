"""When what failed is tried again by itself, and when a person is told that it still fails."""

import random
from typing import Any

from tieline.engine.problem import Problem
from tieline.sdk.errors import Rejected
from tieline.sdk.operation import Operation

FIRST_BACK_OFF, LONGEST_BACK_OFF = 1.0, 3600.0
FIRST_REFUSAL, LONGEST_REFUSAL = 3600.0, 86_400.0
MOST_TRIES = 12
"""Failures in a row, with their back-off about an hour, before a person is told. It is still tried once an hour, so
that nothing is dropped and the exception closes by itself."""


def back_off(failures: int, first: float = FIRST_BACK_OFF, longest: float = LONGEST_BACK_OFF) -> float:
    """Seconds to wait after the n-th failure in a row: doubling, with jitter of a quarter either way."""
    seconds = min(first * 2.0 ** min(failures, 20), longest)
    return seconds * random.uniform(0.75, 1.25)  # noqa: S311 - jitter, not a secret


def tries_exhausted(connection: str, why: str, **where: str | None) -> Problem:
    """One exception for all that a system has not taken, or not answered, so often in a row."""
    return Problem(
        kind="policy",
        connection=connection,
        field="tries",
        key=connection,
        message=f"{connection} has failed {MOST_TRIES} times in a row for what waits here, and says: {why}",
        suggestion="It is tried again once an hour by itself. When the system is well, retry here to be quicker.",
        **where,  # type: ignore[arg-type]
    )


def unclear_for_ever(operation: Operation[Any], label: str, subject: str) -> Rejected:
    """What must never be sent twice, and nobody knows whether it happened."""
    return Rejected(
        operation.connection,
        f"It is unclear whether '{label}' happened in {operation.system}, and it must not be sent twice;"
        " look there, then say it happened (with its id) or release it",
        kind="in_doubt",
        field=operation.target,
        key=subject,
    )
