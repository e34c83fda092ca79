"""One pool of calls per vendor account, shared by all workers: weighted among tiers, and learning from 429s.

The arithmetic is pure. While several tiers want calls, each gets its weight's share of what flows in; what a tier does
not use goes to a pool anybody may take from, so that a lone tier has the whole rate.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from psycopg.types.json import Jsonb

from tieline.engine.tiers import BULK, Tier
from tieline.store.database import Connection, Database

ACTIVE = 1.0
"""Seconds after its last wish during which a tier keeps its share."""
LATELY = 60.0
"""Seconds during which bulk work leaves room for a tier that called."""
LOWEST = 0.05
"""Of the stated rate; below it we would never learn that the vendor has recovered."""
RECOVERY = 1.0 / 300.0
"""Of the stated rate that comes back each second without a 429."""
ONE_STORM = 2.0
"""Seconds within which several 429s are one: calls under way at the first are refused too."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the account allows us: calls a second, calls saved up, and the tiers' weights."""

    rate: float
    burst: float
    weights: Mapping[Tier, float]


@dataclass(slots=True)
class Pool:
    """The state of an account's pool. Times are seconds of the database's clock."""

    at: float
    free: float
    """Calls anybody may take."""
    own: dict[str, float] = field(default_factory=dict)
    """Calls kept for a tier."""
    asked: dict[str, float] = field(default_factory=dict)
    """When a tier last wanted a call."""
    factor: float = 1.0
    at_once: float = 1.0
    lowered_at: float = 0.0
    rest_until: float = 0.0

    @property
    def urgent_at(self) -> float:
        """When something other than bulk work last wanted a call."""
        return max((at for tier, at in self.asked.items() if tier not in BULK), default=0.0)

    @property
    def bulk_at(self) -> float:
        """When bulk work last wanted a call."""
        return max((at for tier, at in self.asked.items() if tier in BULK), default=0.0)


def refill(pool: Pool, rules: Rules, now: float) -> None:
    """Let in what came since the last look, and share it among the tiers that want calls."""
    passed = max(0.0, now - max(pool.at, pool.rest_until))
    gained = passed * rules.rate * pool.factor
    pool.at = max(pool.at, now)
    pool.factor = min(1.0, pool.factor + passed * RECOVERY)
    pool.at_once = min(1.0, pool.at_once + passed * RECOVERY)
    active = {tier: weight for tier, weight in rules.weights.items() if now - pool.asked.get(tier, 0.0) <= ACTIVE}
    pool.free += sum(pool.own.pop(tier) for tier in list(pool.own) if tier not in active)
    whole = sum(active.values())
    for tier, weight in active.items():
        most = max(1.0, rules.burst * weight / whole)
        wanted = pool.own.get(tier, 0.0) + gained * weight / whole
        pool.own[tier] = min(most, wanted)
        pool.free += wanted - pool.own[tier]
    if not active:
        pool.free += gained
    pool.free = max(0.0, min(pool.free, rules.burst - sum(pool.own.values())))


def take(pool: Pool, rules: Rules, tier: Tier, want: int, now: float) -> tuple[int, float]:
    """Calls handed out, at most `want`, and when there are none the seconds until it is worth asking again."""
    pool.asked[tier] = now
    refill(pool, rules, now)
    if pool.rest_until > now:
        return 0, pool.rest_until - now
    own = pool.own.get(tier, 0.0)
    taken = int(min(want, own + pool.free))
    if taken < 1:
        whole = sum(rules.weights[name] for name in rules.weights if now - pool.asked.get(name, 0.0) <= ACTIVE)
        speed = rules.rate * pool.factor * rules.weights[tier] / whole
        return 0, max(0.01, (1.0 - own - pool.free) / speed)
    pool.own[tier] = max(0.0, own - taken)
    pool.free -= max(0.0, taken - own)
    return taken, 0.0


def slow_down(pool: Pool, now: float, rest: float, *, at_once: bool) -> None:
    """The vendor refused a call because of its limits: halve our speed once a storm, and rest as it asks."""
    if now - pool.lowered_at > ONE_STORM:
        pool.lowered_at = now
        if at_once:
            pool.at_once = max(LOWEST, pool.at_once / 2)
        else:
            pool.factor = max(LOWEST, pool.factor / 2)
    if not at_once:
        pool.free, pool.own = 0.0, {}
        pool.rest_until = max(pool.rest_until, now + rest)


_MAKE = "insert into limit_bucket (account, tokens) values (%s, %s) on conflict do nothing"
_READ = """
select tokens, extract(epoch from refilled_at)::float8 as at, factor, at_once, pools, asked,
  coalesce(extract(epoch from lowered_at)::float8, 0) as lowered_at,
  coalesce(extract(epoch from rest_until)::float8, 0) as rest_until,
  extract(epoch from clock_timestamp())::float8 as now
from limit_bucket where account = %s for update
"""
_WRITE = """
update limit_bucket set tokens = %(free)s, refilled_at = to_timestamp(%(at)s), factor = %(factor)s,
  at_once = %(at_once)s, lowered_at = to_timestamp(%(lowered_at)s), rest_until = to_timestamp(%(rest_until)s),
  pools = %(own)s, asked = %(asked)s
where account = %(account)s
"""


@dataclass(frozen=True, slots=True)
class Handful:
    """What a process got from the pool."""

    taken: int
    wait: float
    """Seconds until it is worth asking again, when nothing was taken."""
    resting: bool
    """The vendor asked the whole account to wait."""
    at_once: float
    """Share of the stated calls side by side that the vendor takes now."""
    urgent: bool
    """Something other than bulk work called lately."""
    bulk: bool
    """Bulk work called lately."""


class SharedPool:
    """The row of an account."""

    def __init__(self, database: Database, account: str, rules: Rules) -> None:
        self._database = database
        self._account = account
        self._rules = rules

    def take(self, tier: Tier, want: int) -> Handful:
        """Ask for some calls."""
        with self._database.transaction() as db:
            pool, now = self._read(db)
            taken, wait = take(pool, self._rules, tier, want, now)
            self._write(db, pool)
        urgent, bulk = (now - at <= LATELY for at in (pool.urgent_at, pool.bulk_at))
        return Handful(taken, wait, pool.rest_until > now, pool.at_once, urgent, bulk)

    def slow_down(self, rest: float, *, at_once: bool) -> None:
        """Tell all workers that the vendor refused a call because of its limits."""
        with self._database.transaction() as db:
            pool, now = self._read(db)
            refill(pool, self._rules, now)
            slow_down(pool, now, rest, at_once=at_once)
            self._write(db, pool)

    def _read(self, db: Connection) -> tuple[Pool, float]:
        row = db.execute(_READ, [self._account]).fetchone()
        if row is None:
            db.execute(_MAKE, [self._account, self._rules.burst])
            row = db.execute(_READ, [self._account]).fetchone()
            assert row is not None
        return Pool(
            at=row["at"],
            free=row["tokens"],
            own={tier: float(tokens) for tier, tokens in row["pools"].items()},
            asked={tier: float(at) for tier, at in row["asked"].items()},
            factor=row["factor"],
            at_once=row["at_once"],
            lowered_at=row["lowered_at"],
            rest_until=row["rest_until"],
        ), row["now"]

    def _write(self, db: Connection, pool: Pool) -> None:
        values = {
            "account": self._account,
            "at": pool.at,
            "free": pool.free,
            "factor": pool.factor,
            "at_once": pool.at_once,
            "lowered_at": pool.lowered_at,
            "rest_until": pool.rest_until,
            "own": Jsonb(pool.own),
            "asked": Jsonb(pool.asked),
        }
        db.execute(_WRITE, values)
