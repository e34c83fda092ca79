"""What the simulated firm's consultants spend for customers: a journey now and then, reported and approved."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from tieline_standins.simulation.chance import chance_of
from tieline_standins.simulation.pipeline import Deal
from tieline_standins.simulation.roster import Consultant
from tieline_standins.simulation.wire import Kantata, Row

TRAVELS = 0.02
"""How likely a consultant reports a journey on a Thursday."""
_COSTS = {"Airfare": (18_000, 64_000), "Lodging": (11_000, 47_000)}
"""Category -> least and most, in cents."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """One expense."""

    deal: Deal
    consultant: Consultant
    day: date
    category: str
    cents: int
    id: int


@dataclass(slots=True)
class Travel:
    """Everybody who travels; `users` are the PSA's ids by e-mail."""

    kantata: Kantata
    users: dict[str, str]
    seed: int
    receipts: list[Receipt] = field(default_factory=list)
    _categories: dict[str, int] = field(default_factory=dict)

    def act(self, day: date, running: Sequence[tuple[Deal, int]]) -> None:
        """Journeys of the week before, of projects (and their workspaces) that are billed by the hour."""
        if day.weekday() != 3:
            return
        for deal, workspace in running:
            if deal.starts_on <= day <= deal.ends_on and not deal.milestones:
                for one in deal.team:
                    chance = chance_of("travel", self.seed, one.email, day)
                    if chance.random() < TRAVELS:
                        costs = {name: chance.randrange(*span, 50) for name, span in _COSTS.items()}
                        self._report(deal, workspace, one, day, costs)

    def _report(self, deal: Deal, workspace: int, one: Consultant, day: date, costs: dict[str, int]) -> None:
        if not self._categories:
            rows = self.kantata.list("expense_categories", "order=name")
            self._categories = {str(row["name"]): int(row["id"]) for row in rows}
        person: Row = {"workspace_id": workspace, "user_id": int(self.users[one.email])}
        spent = [
            person
            | {
                "date": day.isoformat(),
                "category": category,
                "expense_category_id": self._categories[category],
                "amount_in_cents": cents,
                "billable": True,
            }
            for category, cents in costs.items()
        ]
        ids = self.kantata.create("expenses", spent)
        report = person | {"title": f"Journey of {day:%d %b}", "line_item_ids": ids}
        (key,) = self.kantata.create("expense_report_submissions", [report])
        self.kantata.call("PUT", f"/api/v1/expense_report_submissions/{key}/approve", {"resolution": {}})
        self.receipts += [
            Receipt(deal, one, day, category, cents, key)
            for key, (category, cents) in zip(ids, costs.items(), strict=True)
        ]
