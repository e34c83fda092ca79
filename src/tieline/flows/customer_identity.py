"""Which customer a customer is: itself, one it was merged into, or a steward's question before an ERP gets a twin."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from math import floor

from tieline.engine.link import Link
from tieline.engine.problem import Problem
from tieline.engine.run import Run
from tieline.exception_queue.matches import decide_same
from tieline.matching.blocking import telling_keys
from tieline.matching.customers import circle, customer_keys, golden_record, likely_twins
from tieline.matching.matches import Match
from tieline.matching.score import Bands, Rarity
from tieline.model.customer import Customer
from tieline.model.firm import Firm
from tieline.sdk.roles import Crm, Erp
from tieline.store import master_data
from tieline.store.database import Connection

DOMAIN = "customer"


def see(db: Connection, customer: Customer) -> None:
    """Keep a customer that was read, to be found by those like it."""
    master_data.see_customer(db, customer, customer_keys(customer))


def golden_customer(run: Run, crm: Crm, own: Customer) -> Customer:
    """What is known of a customer as one: the record that stands for it, with the fields people chose."""
    family = master_data.family_of(run.db, own.id)
    if family == [own.id]:
        return own
    seen = master_data.seen_customers(run.db, family) | {own.id: own}
    survivor = own if family[0] == own.id else _survivor(run, crm, family[0]) or seen.get(family[0], own)
    return golden_record(survivor, seen, master_data.choices_for(run.db, family[0]))


def _survivor(run: Run, crm: Crm, customer: str) -> Customer | None:
    """Read where the deal is, if it is known there; else the copy last seen counts."""
    ref = run.ref(crm.connection, "customer", customer)
    return run.corrected("customer", crm.read_customer(ref)) if ref else None


def shown_as(run: Run, own: Customer, held: str) -> str:
    """Under whose id the CRM shows the ERP's number: customers that only people made one are two records there."""
    return held if held == own.id or master_data.merged_in_crm(run.db, own.id, held) else own.id


def question_about(run: Run, label: str, own: Customer, erp: Erp, firm: Firm) -> Link | None:
    """What must be clear before an ERP gets this customer; None when nothing is open.

    What is surer than the site's bound is made one at once, and the run looks again.
    """
    if erp.ensure_customer.support == "not_in_use":
        return None
    if round_trip := circle(own, master_data.hierarchy_above(run.db, own)):
        return run.hold(label, "its hierarchy goes round in a circle", _circular(round_trip, firm))
    twins = _undecided_twins(run, own, firm)
    if not twins:
        return None
    for match in twins:
        run.keep(own, _noting(match))
    best = twins[0]
    if best.verdict == "same" and _like_all(run, own, best.other, firm):
        run.with_commit(lambda db: merge_surely(db, best))
        run.wake(run.author.flow, run.author.key, run.author.engagement)
        return run.hold(label, f"is a customer we have: {best.score.words}")
    twin = master_data.seen_customers(run.db, [best.other])[best.other]
    return run.hold(label, f"may be '{twin.name}'", _may_be(own, twin, best, erp, firm))


def _like_all(run: Run, own: Customer, twin: str, firm: Firm) -> bool:
    """Whether a customer is like all that are one with its twin, and a person called none of them different."""
    family = [one for one in master_data.family_of(run.db, twin) if one != own.id]
    members = master_data.seen_customers(run.db, family).values()
    alike = likely_twins(
        own, members, Rarity(len(members), {}), Bands(auto=float(firm.auto_link), maybe=float(firm.ask_from))
    )
    return len(alike) == len(members) and master_data.apart(run.db, own.id, twin) is None


def _undecided_twins(run: Run, own: Customer, firm: Firm) -> list[Match]:
    keys = customer_keys(own)
    counts, total = master_data.count_keys(run.db, keys)
    others = master_data.customers_with(run.db, telling_keys(keys, counts), but=own.id)
    if not others:
        return []
    decided = {*master_data.decisions_about(run.db, own.id), *master_data.family_of(run.db, own.id)}
    bands = Bands(auto=float(firm.auto_link), maybe=float(firm.ask_from))
    return likely_twins(own, [one for one in others if one.id not in decided], Rarity(total, counts), bands)


def _noting(match: Match) -> Callable[[Connection, Customer], None]:
    def note(db: Connection, customer: Customer) -> None:
        note_match(db, match)

    return note


def note_match(db: Connection, match: Match) -> tuple[int, str]:
    """Remember a pair for the steward; returns its number, and what was said of it."""
    reasons = [asdict(reason) for reason in match.score.reasons]
    return master_data.note_pair(db, match.one, match.other, match.score.probability, reasons)


def merge_surely(db: Connection, match: Match) -> None:
    """Make two customers one without a person: the one that was there stands for the new one."""
    pair, state = note_match(db, match)
    if state == "open":  # else another deal of this customer, or a person, was faster
        decide_same(db, pair, by="tieline", reason=match.score.words, survivor=match.other, choices={})


def _may_be(own: Customer, twin: Customer, match: Match, erp: Erp, firm: Firm) -> Problem:
    return Problem(
        kind="duplicate",
        field=DOMAIN,
        key=":".join(sorted((own.id, twin.id))),
        message=f"Customer '{own.name}' may be '{twin.name}': {match.score.words}"
        f" ({floor(match.score.probability * 100)} % sure)",
        suggestion=f"Compare the two and say whether they are one; nothing is made in {erp.system} until then.",
        owner=firm.stewards.get(DOMAIN, "finance"),
        label="Customer in ERP",
        target="customer",
        subject=own.id,
    )


def _circular(way: Sequence[Customer], firm: Firm) -> Problem:
    told = " → ".join(f"'{one.name}'" for one in (*way, way[0]))
    return Problem(
        kind="master_data",
        field="parent_id",
        key=":".join(sorted(one.id for one in way)),
        message=f"The customer hierarchy goes round in a circle: {told} (each stands below the next)",
        suggestion="Mend the parent of one of them in the CRM; it goes on by itself.",
        owner=firm.stewards.get(DOMAIN, "sales"),
        label="Customer in ERP",
    )
