"""Approvals: a decision counts for exactly what was shown, and an edit voids it for ever."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.engine.conftest import Bench
from tieline.engine.approvals import decide_approval
from tieline.engine.run import EndState, Run

QUERY = "select id, state, content, decided_by, reason from approval order by id"


@dataclass
class Deal:
    """A flow that asks for approval of terms."""

    bench: Bench
    terms: dict[str, Any] = field(default_factory=lambda: {"rate": "150", "to": "O'Brien 🚀"})
    standard: bool = False
    went_on: int = 0

    def look(self) -> EndState:
        self.bench.flows["f"] = self._flow
        return self.bench.look("f")

    def _flow(self, run: Run, key: str, systems: Any) -> None:
        run.approval("Non-standard terms", self.terms, unless=self.standard, why="a rate below standard")
        self.went_on += 1

    def states(self) -> list[str]:
        return [row["state"] for row in self.bench.rows(QUERY)]

    def decide(self, *, approve: bool, number: int = -1, reason: str = "") -> str | None:
        approval = self.bench.rows(QUERY)[number]["id"]
        return decide_approval(self.bench.database, approval, approve=approve, by="dana", reason=reason)

    def exceptions(self) -> list[str]:
        return [row["message"] for row in self.bench.rows("select message from exception_item where closed_at is null")]


@pytest.fixture
def deal(bench: Bench) -> Deal:
    return Deal(bench)


def test_a_flow_waits_for_a_decision_and_asks_once(deal: Deal) -> None:
    assert [deal.look(), deal.look(), deal.look()] == ["waiting"] * 3
    assert deal.states() == ["asked"]
    assert deal.exceptions() == ["Non-standard terms: a rate below standard"]
    assert deal.bench.rows(QUERY)[0]["content"] == deal.terms


def test_an_approval_wakes_the_flow_which_goes_on_and_closes_the_exception(deal: Deal) -> None:
    deal.look()
    assert deal.decide(approve=True, reason="a strategic customer") == "approved"
    assert deal.bench.rows("select reasons from agenda") == [{"reasons": ["decision"]}]
    assert deal.bench.engine.run("f", "k") == "done"
    assert deal.went_on == 1
    assert deal.exceptions() == []
    (audited,) = deal.bench.rows("select actor, engagement, detail from audit_event where action = 'approval.approved'")
    assert audited == {"actor": "dana", "engagement": "eng_1", "detail": {"reason": "a strategic customer"}}


def test_a_decline_stops_the_flow_and_stays_visible(deal: Deal) -> None:
    deal.look()
    deal.decide(approve=False)
    assert [deal.look(), deal.look()] == ["waiting", "waiting"]
    assert deal.states() == ["declined"]
    assert deal.bench.rows("select note from agenda") == [{"note": "Non-standard terms was declined"}]
    assert deal.exceptions() != []
    assert deal.went_on == 0


@pytest.mark.parametrize("decision", [None, True, False])
def test_an_edit_voids_what_was_asked_or_decided_and_asks_anew(deal: Deal, decision: bool | None) -> None:
    deal.look()
    if decision is not None:
        deal.decide(approve=decision)
    deal.terms["rate"] = "149"
    assert deal.look() == "waiting"
    assert deal.states() == ["void", "asked"]
    assert deal.went_on == 0


def test_an_edit_back_does_not_revive_what_was_void(deal: Deal) -> None:
    for rate in ("150", "149", "150"):
        deal.terms["rate"] = rate
        deal.look()
        deal.decide(approve=True)
    assert deal.states() == ["void", "void", "approved"]
    assert deal.look() == "done"


def test_a_decision_that_comes_after_the_edit_is_refused(deal: Deal) -> None:
    deal.look()
    deal.terms["rate"] = "1"
    deal.look()
    assert deal.decide(approve=True, number=0) is None
    assert deal.look() == "waiting"
    assert deal.states() == ["void", "asked"]


def test_the_second_of_two_decisions_is_refused(deal: Deal) -> None:
    deal.look()
    assert deal.decide(approve=False) == "declined"
    assert deal.decide(approve=True) is None
    assert deal.states() == ["declined"]


def test_an_unknown_approval_is_refused(deal: Deal) -> None:
    assert decide_approval(deal.bench.database, 4711, approve=True, by="dana") is None


def test_the_order_of_what_is_shown_does_not_matter_but_every_digit_does(deal: Deal) -> None:
    deal.look()
    deal.decide(approve=True)
    deal.terms = dict(reversed(deal.terms.items()))
    assert deal.look() == "done"
    deal.terms["rate"] = "150.0"
    assert deal.look() == "waiting"


def test_terms_that_become_standard_need_no_decision(deal: Deal) -> None:
    deal.look()
    deal.standard = True
    assert deal.look() == "done"
    assert deal.exceptions() == []
    assert deal.decide(approve=True) is None, "nobody asks any more"
