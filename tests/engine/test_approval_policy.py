"""Who may decide: limits of money, several persons, deputies, the proposer, and questions nobody answers."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.conftest import Bench
from tieline.engine.approval_policy import ApprovalPolicy, ApprovalRule, Asked, Deputy
from tieline.engine.approvals import MayNotDecide, ask_again, decide_approval, expire_approvals
from tieline.engine.run import Run
from tieline.model.money import Money

ANNA, BEN, CARA, DAN = (f"{name}@firm.example" for name in ("anna", "ben", "cara", "dan"))
PEOPLE = {"Anna Ash": ANNA, "Ben Bay": BEN}
DAY = date(2026, 11, 2)
SMALL = ApprovalRule(what="Scope*", approvers=(ANNA, BEN))
LARGE = ApprovalRule(what="*", above=Decimal(50_000), currency="EUR", approvers=(ANNA, BEN, CARA), people=2)
POLICY = ApprovalPolicy(rules=(SMALL, LARGE), people=PEOPLE)


def scope(amount: str | None = None, currency: str | None = "EUR", proposed_by: str | None = None) -> Asked:
    worth = None if amount is None else Decimal(amount)
    return Asked(label="Scope change", amount=worth, currency=currency, proposed_by=proposed_by)


@pytest.mark.parametrize(
    ("asked", "rule"),
    [
        (scope("50000"), SMALL),
        (scope("50000.01"), LARGE),
        (scope("-60000"), LARGE),
        (scope("10", "USD"), LARGE),
        (scope(), LARGE),
        (Asked(label="Other terms", amount=Decimal(1), currency="EUR"), None),
    ],
)
def test_the_highest_limit_that_is_passed_counts_and_what_is_unknown_counts_as_high(
    asked: Asked, rule: ApprovalRule | None
) -> None:
    assert POLICY.rule(asked) == rule


def test_a_rule_of_one_entity_does_not_count_in_another() -> None:
    policy = ApprovalPolicy(rules=(ApprovalRule(what="*", legal_entities=("DE",), approvers=(ANNA,)),))
    assert policy.refusal(Asked(label="x", legal_entity="DE"), BEN, DAY) == f"{BEN} may not decide 'x'; {ANNA} may"
    assert policy.refusal(Asked(label="x", legal_entity="US"), BEN, DAY) is None


def test_who_is_no_approver_reads_who_is() -> None:
    refusal = POLICY.refusal(scope("10"), "Dan", DAY)
    assert refusal == f"Dan may not decide 'Scope change' of EUR 10.00; {ANNA} or {BEN} may"
    assert POLICY.refusal(scope("10"), "  anna   ASH ", DAY) is None


def test_nobody_decides_what_he_proposed_under_whichever_name() -> None:
    refusal = POLICY.refusal(scope("10", proposed_by=ANNA), "Anna Ash", DAY)
    assert refusal == "Anna Ash proposed it; another person decides"


@pytest.mark.parametrize(("day", "may"), [(1, False), (2, True), (5, True), (6, False)])
def test_a_deputy_decides_from_the_first_to_the_last_day(day: int, may: bool) -> None:
    away = Deputy(person=ANNA, stands_in=DAN, first=date(2026, 11, 2), last=date(2026, 11, 5))
    policy = ApprovalPolicy(rules=(SMALL,), deputies=(away,))
    assert (policy.refusal(scope("1"), DAN, date(2026, 11, day)) is None) is may


@given(
    amount=st.decimals("-1e9", "1e9", places=2),
    limits=st.lists(st.integers(0, 10**9).map(Decimal), min_size=1, max_size=5, unique=True),
)
def test_more_money_never_needs_fewer_people(amount: Decimal, limits: list[Decimal]) -> None:
    steps = tuple(ApprovalRule(what="*", above=limit, people=n) for n, limit in enumerate(sorted(limits), 1))
    policy = ApprovalPolicy(rules=steps)

    def needed(worth: Decimal) -> int:
        rule = policy.rule(Asked(label="x", amount=worth, currency="EUR"))
        return rule.people if rule else 0

    assert needed(amount * 2) >= needed(amount) >= needed(amount / 2)


@pytest.fixture
def asking(bench: Bench) -> Bench:
    def flow(run: Run, key: str, systems: Any) -> None:
        worth = Money(amount=Decimal(80_000), currency="EUR")
        run.approval("Scope change", {"hours": 400}, unless=False, worth=worth, proposed_by=CARA)

    bench.flows["f"] = flow
    assert bench.look("f") == "waiting"
    return bench


def decide(bench: Bench, by: str, *, approve: bool = True) -> str | None:
    asked = bench.rows("select max(id) as id from approval")[0]["id"]
    return decide_approval(bench.database, asked, approve=approve, by=by, policy=POLICY)


def test_two_persons_approve_and_one_who_says_it_twice_counts_once(asking: Bench) -> None:
    assert decide(asking, "Anna Ash") == "counted"
    assert decide(asking, ANNA) == "counted"
    assert asking.look("f") == "waiting"
    assert decide(asking, BEN) == "approved"
    assert asking.look("f") == "done"
    told = asking.rows("select actor, action from audit_event where starts_with(action, 'approval.') order by id")
    assert [row["action"] for row in told] == ["approval.counted", "approval.counted", "approval.approved"]
    assert told[-1]["actor"] == BEN


def test_one_who_declines_decides_alone(asking: Bench) -> None:
    assert decide(asking, ANNA) == "counted"
    assert decide(asking, BEN, approve=False) == "declined"
    assert asking.look("f") == "waiting"
    assert asking.rows("select note from agenda") == [{"note": "Scope change was declined"}]


@pytest.mark.parametrize("by", [CARA, DAN])
def test_the_proposer_and_strangers_change_nothing(asking: Bench, by: str) -> None:
    with pytest.raises(MayNotDecide):
        decide(asking, by)
    assert asking.rows("select state from approval") == [{"state": "asked"}]
    assert asking.rows("select * from approval_vote") == []


def test_what_nobody_decides_in_time_expires_and_can_be_asked_again(asking: Bench) -> None:
    rule = ApprovalRule(what="*", expires_after=timedelta(days=14))
    policy = ApprovalPolicy(rules=(rule,))
    assert expire_approvals(asking.database, policy) == 0
    asking.rows("update approval set asked_at = asked_at - interval '15 days' returning id")
    assert expire_approvals(asking.database, policy) == 1
    assert asking.look("f") == "waiting"
    assert decide(asking, ANNA) is None, "it is too late"
    expired = asking.rows("select id from approval")[0]["id"]
    assert ask_again(asking.database, expired, ANNA) is True
    assert ask_again(asking.database, expired, ANNA) is False
    assert asking.look("f") == "waiting"
    assert [row["state"] for row in asking.rows("select state from approval order by id")] == ["void", "asked"]
