"""Collection of open invoices: what people did decides where each stands and what is done next."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.flows.test_invoices import told, usd
from tieline.billing.collection import (
    AGES,
    age_of,
    at_risk,
    by_age,
    days_overdue,
    next_step,
    shown_collection,
    standing,
)
from tieline.model.collection import ActionKind, CollectionAction, CollectionRules, Standing
from tieline.model.invoice import InvoiceState

DUE = date(2026, 5, 1)
RULES = CollectionRules()


def action(kind: ActionKind, number: int = 1, promised_on: date | None = None) -> CollectionAction:
    at = datetime(2026, 5, number, 9, tzinfo=UTC)
    note = "Rate of week 12" if kind == "dispute" else None
    return CollectionAction(
        id=str(number), invoice_id="inv_1", kind=kind, note=note, promised_on=promised_on, by="Ida", at=at
    )


def test_a_dispute_lasts_until_it_is_settled_and_one_of_the_erp_until_the_erp_ends_it() -> None:
    disputed = standing("inv_1", [action("dispute"), action("call", 2)])
    assert (disputed.dispute, disputed.last_action, disputed.last_on) == ("Rate of week 12", "called", date(2026, 5, 2))
    assert standing("inv_1", [action("dispute"), action("settle", 2)]).dispute is None
    in_erp = told(1, "open", dispute="Wrong PO", dunning_level=2)
    found = standing("inv_1", [action("settle")], in_erp)
    assert (found.dispute, found.reminders) == ("Wrong PO", 2)


@pytest.mark.parametrize(
    ("after_days", "actions", "expected"),
    [
        (0, [], "wait"),
        (2, [], "wait"),
        (3, [], "remind"),
        (3, [action("remind")], "wait"),
        (14, [action("remind")], "remind"),
        (59, [action("remind"), action("remind", 2), action("remind", 3)], "wait"),
        (60, [], "escalate"),
        (5, [action("promise", 4, DUE + timedelta(9))], "await_promise"),
        (11, [action("promise", 4, DUE + timedelta(9))], "await_promise"),
        (12, [action("promise", 4, DUE + timedelta(9))], "call"),
        (400, [action("dispute")], "settle_dispute"),
    ],
)
def test_the_next_step_follows_the_rules_of_the_site(
    after_days: int, actions: list[CollectionAction], expected: str
) -> None:
    assert next_step(standing("inv_1", actions), DUE, RULES, DUE + timedelta(after_days)) == expected


@pytest.mark.parametrize(
    ("state", "actions", "today", "expected"),
    [
        (told(1, "open", due_on=DUE), [action("dispute")], DUE, "disputed"),
        (told(1, "open", due_on=DUE), [action("remind")], DUE + timedelta(5), "reminded"),
        (told(1, "open", due_on=DUE), [action("note")], DUE + timedelta(5), "overdue"),
        (told(1, "open", due_on=DUE), [action("promise", 2, DUE)], DUE + timedelta(2), "promised"),
        (told(1, "open", due_on=DUE), [action("promise", 2, DUE)], DUE + timedelta(3), "promise broken"),
        (told(1, "paid", due_on=DUE, paid=usd("100")), [action("dispute")], DUE + timedelta(9), "paid"),
    ],
)
def test_sales_reads_the_collection_in_one_word(
    state: InvoiceState, actions: list[CollectionAction], today: date, expected: str
) -> None:
    assert shown_collection(standing("inv_1", actions, state), state, RULES, today).status == expected


items = st.tuples(
    st.sampled_from(["USD", "JPY", "BHD"]),
    st.none() | st.dates(date(2025, 1, 1), date(2027, 1, 1)),
    st.decimals(0, 10**9, places=3),
)


@given(st.lists(items), st.dates(date(2025, 1, 1), date(2027, 1, 1)))
def test_no_open_money_is_lost_between_the_ages_and_currencies_stay_apart(
    open_items: list[tuple[str, date | None, Decimal]], today: date
) -> None:
    found = by_age(open_items, today)
    for currency in {"USD", "JPY", "BHD"}:
        whole = sum((amount for code, _, amount in open_items if code == currency), Decimal(0))
        assert sum(found.get(currency, ())) == whole


@given(st.integers(0, 500), st.integers(0, 500))
def test_an_invoice_never_grows_younger(days: int, more: int) -> None:
    assert age_of(DUE, DUE + timedelta(days)) <= age_of(DUE, DUE + timedelta(days + more)) < len(AGES)
    assert days_overdue(DUE, DUE + timedelta(days)) == days


@given(st.integers(-100, 100), st.booleans(), st.none() | st.integers(-100, 100))
def test_what_is_not_late_disputed_or_broken_is_not_at_risk(after: int, disputed: bool, promised: int | None) -> None:
    found = Standing(
        id="inv_1",
        dispute="x" if disputed else None,
        promised_on=None if promised is None else DUE + timedelta(promised),
    )
    risk = at_risk(found, DUE, Decimal(7), RULES, DUE + timedelta(after))
    assert risk in (Decimal(0), Decimal(7))
    if after <= 0 and not disputed and promised is None:
        assert risk == 0
    if after > 0 or disputed:
        assert risk == 7


def test_reminders_that_do_not_rise_are_refused() -> None:
    with pytest.raises(ValueError, match="must rise"):
        CollectionRules(reminder_days=(14, 14))
