"""Fault rules: how a test makes a stand-in slow, busy, broken or unclear."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal, get_args

from tieline_standins.core.http import Json
from tieline_standins.core.spoiling import HOWS, How
from tieline_standins.core.vendor import ControlError

Effect = Literal[
    "latency", "status", "status_after", "spoil", "drop_before", "drop_after", "late_commit", "expire_token"
]
_EFFECTS: tuple[str, ...] = get_args(Effect)


@dataclass(slots=True)
class Fault:
    """One rule. Effects:

    latency: answer `ms` later · status: answer with that status in the vendor's format, nothing is written ·
    status_after: write, then answer with that status · spoil: handle the request, then spoil its answer as `how` says ·
    drop_before: cut the connection, nothing is written · drop_after: write, then cut the connection ·
    late_commit: cut the connection now (with `hang`: only after the write), write `ms` later ·
    expire_token: the token of this request stops being valid, then the request is handled.
    """

    operation: str
    effect: Effect
    ms: int = 0
    status: int = 503
    retry_after: int | str | None = None
    body: Json = None
    how: How = "html"
    hang: bool = False
    times: int | None = None
    after: int = 0
    probability: float = 1.0
    seed: int = 0
    seen: int = 0
    fired: int = 0
    _random: random.Random = field(default_factory=random.Random, repr=False)

    def fires(self, operation: str) -> bool:
        """Count one request and decide: after the first `after` matches, at most `times`, by seeded chance."""
        if not fnmatchcase(operation, self.operation):
            return False
        self.seen += 1
        if self.seen <= self.after or (self.times is not None and self.fired >= self.times):
            return False
        if self.probability < 1.0 and self._random.random() >= self.probability:
            return False
        self.fired += 1
        return True

    def as_json(self) -> dict[str, Json]:
        return {name: getattr(self, name) for name in self.__slots__ if not name.startswith("_")}


class Faults:
    """The rules in force; every rule that fires on a request applies, in the order they were added."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []

    def add(self, rules: Json) -> list[Fault]:
        """Add one rule or a list of them; all or none. Raises ControlError."""
        added = [parse_fault(rule) for rule in (rules if isinstance(rules, list) else [rules])]
        self.rules.extend(added)
        return added

    def firing(self, operation: str) -> Iterable[Fault]:
        return [rule for rule in self.rules if rule.fires(operation)] if self.rules else ()

    def clear(self) -> None:
        self.rules.clear()


def parse_fault(rule: Json) -> Fault:
    """Check a rule as it came over the control API. Raises ControlError naming what is wrong."""
    if not isinstance(rule, dict):
        raise ControlError("a fault rule is an object with at least `operation` and `effect`")
    known = {name for name in Fault.__slots__ if not name.startswith("_")} - {"seen", "fired"}
    if unknown := sorted(set(rule) - known):
        raise ControlError(f"unknown field {unknown[0]!r} in a fault rule; known: {', '.join(sorted(known))}")
    if rule.get("effect") not in _EFFECTS:
        raise ControlError(f"`effect` must be one of {', '.join(_EFFECTS)}")
    if not isinstance(rule.get("operation"), str):
        raise ControlError("`operation` must be a text, a glob such as `time_entries.*`")
    if rule.get("how", "html") not in HOWS:
        raise ControlError(f"`how` must be one of {', '.join(HOWS)}")
    for name in ("ms", "status", "retry_after", "times", "after", "seed"):
        value = rule.get(name, 0)
        if name == "retry_after" and isinstance(value, str) and value.isascii() and value.isprintable():
            continue  # a date, or what no vendor should send
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            raise ControlError(f"`{name}` must be a whole number, 0 or more")
    if rule.get("status", 503) not in range(200, 600):
        raise ControlError("`status` must be between 200 and 599")
    try:
        probability = float(rule.get("probability", 1.0))
    except (TypeError, ValueError) as error:
        raise ControlError("`probability` must be a number between 0 and 1") from error
    if not 0 <= probability <= 1:
        raise ControlError("`probability` must be a number between 0 and 1")
    fault = Fault(**rule | {"probability": probability})
    fault._random.seed(fault.seed)
    return fault
