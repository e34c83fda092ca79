"""Compares the systems of a firm and says in short what differs."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from tests.e2e.world import World
from tieline.app.assurance import firm_of
from tieline.app.views.discrepancies import DiscrepancyRow, list_discrepancies
from tieline.demo.people import today
from tieline.reconciliation.comparison import Firm, Scope
from tieline.reconciliation.period import newest
from tieline.reconciliation.reconcile import Busy, Reconciliation, reconcile
from tieline.reconciliation.verify import Verification, verify

T = TypeVar("T")
Found = tuple[str, str, str, str, str]


@dataclass
class Comparing:
    """Works on the systems of `here`, without any grace: what a test made a moment ago counts."""

    here: World

    @property
    def firm(self) -> Firm:
        return replace(firm_of(self.here.tieline), grace=timedelta(0))

    def run(self, *, months: int = 2, connection: str | None = None, entity: str | None = None) -> Reconciliation:
        scope = Scope(period=newest(months, today()), connection=connection, entity=entity)
        result = self._alone(lambda: reconcile(self.firm, scope, "a test"))
        assert [one.problem for one in result.failed] == []
        return result

    def _alone(self, work: Callable[[], T]) -> T:
        """The worker of the firm may be comparing as well."""
        deadline = time.monotonic() + 60
        while True:
            try:
                return work()
            except Busy:
                assert time.monotonic() < deadline, "somebody compares without end"
                time.sleep(0.1)

    def found(self, **scope: str | None) -> Counter[Found]:
        """(left, right, record, kind, repair) of everything open after a comparison."""
        self.run(**scope)  # type: ignore[arg-type]
        return Counter((row.left_side, row.right_side, row.record, row.kind, row.repair) for row in self.rows())

    @contextmanager
    def expect(self, *found: Found) -> Iterator[None]:
        """What happens within makes exactly these discrepancies, and ends none that was there before."""
        before = self.found()
        yield
        after = self.found()
        new = sorted((after - before).elements())
        assert new == sorted(found), f"{new}"
        assert before - after == Counter()

    def rows(self) -> list[DiscrepancyRow]:
        names = {name: one.facts.system for name, one in self.here.tieline.connected.items()}
        with self.here.tieline.database.connection() as db:
            return list(list_discrepancies(db, names).items)

    def verify(self, seed: int = 7) -> Verification:
        return self._alone(lambda: verify(self.firm, "a test", seed=seed))

    def violated(self) -> list[str]:
        """The invariants that do not hold."""
        return [one.invariant for one in self.verify().checked if one.count]
