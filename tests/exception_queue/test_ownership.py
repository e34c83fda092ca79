"""Who mends an exception and by when: the site's rules, a person's word, and postponing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.engine.conftest import Bench
from tieline.app.views.exceptions import list_exceptions, page_exceptions
from tieline.app.views.queue_figures import count_exceptions
from tieline.engine.problem import Problem, open_exception
from tieline.exception_queue.actions import NotPossible
from tieline.exception_queue.filter import Filter
from tieline.exception_queue.ownership import OwnerRule, SlaRule, assign, keep_rules, postpone
from tieline.sdk.errors import ExceptionKind

BY = "Dana Whitfield"
HOUR = timedelta(hours=1)
OWNERS = (
    OwnerRule(owner="finance-emea", kinds=("mapping", "closed_period"), legal_entities=("UK", "DE")),
    OwnerRule(owner="priya@haldenmarsh.example", domains=("delivery",)),
)
SLAS = (
    SlaRule(due=2 * HOUR, at_risk=HOUR, owners=("finance-emea",)),
    SlaRule(due=4 * HOUR, at_risk=3 * HOUR, kinds=("auth",)),
    SlaRule(due=48 * HOUR, at_risk=36 * HOUR),
)


def opened(bench: Bench, kind: ExceptionKind, key: str = "k", **values: Any) -> dict[str, Any]:
    with bench.database.transaction() as db:
        number = open_exception(db, Problem(kind=kind, key=key, message="m", **values))
        row = db.execute(
            "select id, owner, domain, due_at - opened_at as due, at_risk_at - opened_at as at_risk"
            " from exception_item where id = %s",
            [number],
        ).fetchone()
    assert row is not None
    return row


def hours(span: timedelta) -> int:
    return round(span.total_seconds() / 3600)


@pytest.mark.parametrize(
    ("kind", "values", "owner", "due"),
    [
        ("mapping", {"owner": "finance", "legal_entity": "DE"}, "finance-emea", 2),
        ("mapping", {"owner": "finance", "legal_entity": "US"}, "finance", 48),
        ("mapping", {"owner": "finance"}, "finance", 48),
        ("policy", {"owner": "delivery", "legal_entity": "DE"}, "priya@haldenmarsh.example", 48),
        ("closed_period", {"owner": "delivery", "legal_entity": "UK"}, "finance-emea", 2),
        ("auth", {}, "integration", 4),
    ],
)
def test_the_first_rule_that_fits_says_who_owns_it_and_by_when(
    bench: Bench, kind: ExceptionKind, values: dict[str, str], owner: str, due: int
) -> None:
    with bench.database.transaction() as db:
        assert keep_rules(db, OWNERS, SLAS)
    row = opened(bench, kind, **values)
    assert (row["owner"], hours(row["due"])) == (owner, due)


def test_without_rules_the_team_the_problem_names_has_a_day(bench: Bench) -> None:
    row = opened(bench, "policy", owner="sales")
    assert (row["owner"], row["domain"], hours(row["due"]), hours(row["at_risk"])) == ("sales", "sales", 24, 18)


def test_changed_rules_reach_open_exceptions_but_not_those_given_away_by_hand(bench: Bench) -> None:
    free = opened(bench, "mapping", "a", owner="finance", legal_entity="DE")
    given = opened(bench, "mapping", "b", owner="finance", legal_entity="DE")
    assign(bench.database, given["id"], "sales", BY)
    with bench.database.transaction() as db:
        assert keep_rules(db, OWNERS, SLAS)
        assert not keep_rules(db, OWNERS, SLAS)
    rows = bench.rows("select id, owner, due_at - opened_at as due from exception_item order by id")
    assert [(row["id"], row["owner"], hours(row["due"])) for row in rows] == [
        (free["id"], "finance-emea", 2),
        (given["id"], "sales", 48),
    ]
    with bench.database.transaction() as db:
        assert keep_rules(db, (), ())
    rows = bench.rows("select owner, due_at - opened_at as due from exception_item order by id")
    assert [(row["owner"], hours(row["due"])) for row in rows] == [("finance", 24), ("sales", 24)]


def test_it_is_given_to_a_team_or_person_of_the_firm_and_to_nobody_else(bench: Bench) -> None:
    row = opened(bench, "mapping", owner="finance")
    known = {"sales", "tom@haldenmarsh.example"}
    assign(bench.database, row["id"], "tom@haldenmarsh.example", BY, known=known, reason="he knows the role")
    with pytest.raises(NotPossible, match="no team or person 'finance'"):
        assign(bench.database, row["id"], "finance", BY, known=known)
    (now,) = bench.rows("select owner, assigned_by from exception_item")
    assert now == {"owner": "tom@haldenmarsh.example", "assigned_by": BY}
    (event,) = bench.rows("select detail->>'reason' as told from audit_event where action = 'exception.assigned'")
    assert event["told"] == "tom@haldenmarsh.example: he knows the role"


def test_a_postponed_one_leaves_the_list_and_comes_back_by_itself(bench: Bench) -> None:
    row = opened(bench, "mapping")
    postpone(bench.database, row["id"], datetime.now(UTC) + timedelta(days=2), BY, reason="waits for the PMO")
    with bench.database.connection() as db:
        assert page_exceptions(db, limit=9).items == ()
        (shown,) = page_exceptions(db, limit=9, wanted=Filter(show="postponed")).items
        assert (shown.postponed_by, shown.due_at > datetime.now(UTC)) == (BY, True)
        counts = count_exceptions(db)
        assert (counts.open, counts.postponed, counts.oldest) == (0, 1, None)
    bench.rows("update exception_item set postponed_until = now() - interval '1 second' returning id")
    with bench.database.connection() as db:
        (back,) = page_exceptions(db, limit=9).items
        assert (back.id, back.postponed_until) == (row["id"], None)


def test_it_is_taken_up_again_before_its_day(bench: Bench) -> None:
    row = opened(bench, "mapping")
    postpone(bench.database, row["id"], datetime.now(UTC) + timedelta(days=2), BY)
    postpone(bench.database, row["id"], None, "Sam Ortiz")
    with bench.database.connection() as db:
        assert [one.id for one in page_exceptions(db, limit=9).items] == [row["id"]]
    events = bench.rows("select action, actor from audit_event order by id")
    assert [(one["action"], one["actor"]) for one in events] == [
        ("exception.postponed", BY),
        ("exception.taken_up", "Sam Ortiz"),
    ]


@pytest.mark.parametrize("days", [-1, 0, 400])
def test_it_is_postponed_to_a_moment_within_the_next_year_only(bench: Bench, days: int) -> None:
    row = opened(bench, "mapping")
    with pytest.raises(NotPossible, match="within the next year"):
        postpone(bench.database, row["id"], datetime.now(UTC) + timedelta(days=days), BY)


def test_late_ones_are_told_and_sorted_by_their_deadline(bench: Bench) -> None:
    on_time, at_risk, broken = (opened(bench, "policy", key)["id"] for key in ("a", "b", "c"))
    bench.rows("update exception_item set at_risk_at = now() - interval '1 h' where id = %s returning id", at_risk)
    bench.rows("update exception_item set due_at = now() - interval '1 h' where id = %s returning id", broken)
    bench.rows("update exception_item set due_at = now() + interval '1 h' where id = %s returning id", at_risk)
    with bench.database.connection() as db:
        rows = page_exceptions(db, limit=9).items
        assert [(row.id, row.sla) for row in rows] == [(broken, "broken"), (at_risk, "at_risk"), (on_time, "on_time")]
        assert [row.id for row in list_exceptions(db, wanted=Filter(sla="broken"))] == [broken]
        assert [row.id for row in list_exceptions(db, wanted=Filter(sla="at_risk"))] == [at_risk]
        counts = count_exceptions(db)
        assert (counts.broken, counts.at_risk) == (1, 1)


@pytest.mark.parametrize("sort", ["due", "age", "newest"])
def test_pages_of_every_order_neither_repeat_nor_skip(bench: Bench, sort: Any) -> None:
    for number in range(7):
        opened(bench, "policy", str(number))
    bench.rows(
        "update exception_item set opened_at = now(), due_at = now() + interval '1 h' where id %% 2 = 0 returning id"
    )
    with bench.database.connection() as db:
        seen, cursor = [], None
        while True:
            page = page_exceptions(db, limit=2, sort=sort, cursor=cursor)
            seen += [row.id for row in page.items]
            cursor = page.next
            if cursor is None:
                break
        assert seen == [row.id for row in list_exceptions(db, sort=sort)]
        assert len(seen) == len(set(seen)) == 7
