"""Repricing: lines that were priced before a contract version reached back to their day are priced by that version.

What is on no invoice has its new price at once; so has, by a reversal, what is on a draft. What was invoiced is
credited and billed again when a person has agreed to the list.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from tieline.billing.pricing import Priced, price
from tieline.engine.audit import audit
from tieline.engine.feed_lock import lock_feed
from tieline.engine.wake import wake
from tieline.lane.batch import share_batches
from tieline.lane.change import apply_changes
from tieline.lane.charge import Charge, store_charges
from tieline.lane.invoicing import transaction_id
from tieline.lane.pricing import Pricing
from tieline.lane.reference import Reference, load_reference
from tieline.lane.wakes import wake_projects_of
from tieline.sdk.feed import SourceLine
from tieline.store.database import Connection, Database

FLOW = "repricing"
"""What asks a person."""


def ask_repricing(db: Connection, contract_id: str, engagement_id: str) -> None:
    """A version was added: its lines are looked at before anything more is billed."""
    db.execute(
        "insert into repricing (contract_id, engagement_id) values (%s, %s)"
        " on conflict (contract_id) do update set state = 'new', asked_at = clock_timestamp()",
        [contract_id, engagement_id],
    )


def is_repricing(db: Connection, contract_id: str) -> bool:
    """Whether lines of a contract are about to change their price."""
    query = "select from repricing where contract_id = %s and state <> 'proposed'"
    return db.execute(query, [contract_id]).fetchone() is not None


def proposed_repricing(db: Connection, contract_id: str) -> dict[str, Any] | None:
    """What is to be credited and billed again, if a person has to agree to it."""
    query = "select proposal from repricing where contract_id = %s and state = 'proposed'"
    row = db.execute(query, [contract_id]).fetchone()
    return row["proposal"] if row else None


def agree_to_repricing(db: Connection, contract_id: str) -> None:
    """A person has agreed to what was proposed."""
    db.execute("update repricing set state = 'approved' where contract_id = %s and state = 'proposed'", [contract_id])


def drop_repricing(db: Connection, contract_id: str) -> None:
    """A person has declined: what was invoiced stays as it is, until a further version asks again."""
    db.execute("delete from repricing where contract_id = %s and state = 'proposed'", [contract_id])


def reprice_contracts(database: Database, pricing: Pricing) -> int:
    """Carry out what was asked for; returns how many lines have another price now."""
    with database.connection() as db:
        rows = db.execute("select contract_id from repricing where state <> 'proposed' order by contract_id").fetchall()
    return sum(_reprice(database, pricing, row["contract_id"]) for row in rows)


@dataclass(frozen=True, slots=True)
class _Difference:
    """A line and its price by the version of its day; None: that version does not price it."""

    row: dict[str, Any]
    priced: Priced | None

    @property
    def released(self) -> bool:
        """Whether it is on an invoice that is no draft any more."""
        return self.row["invoice"] is not None and self.row["invoice_status"] not in ("proposed", "draft", "void")


_FEEDS = """
select distinct t.connection, t.kind from project_transaction t join project p on p.id = t.project_id
where p.contract_id = %s and t.live and t.kind in ('time', 'expense') order by 1, 2
"""


def _reprice(database: Database, pricing: Pricing, contract: str) -> int:
    with database.transaction() as db:
        feeds = db.execute(_FEEDS, [contract]).fetchall()
        for feed in feeds:
            lock_feed(db, f"{feed['connection']}:{feed['kind']}")
        share_batches(db)
        asked = db.execute("select * from repricing where contract_id = %s for update", [contract]).fetchone()
        if asked is None or asked["state"] == "proposed":
            return 0
        found = _differences(db, pricing, contract)
        proposal = _proposal([one for one in found if one.released])
        agreed = asked["state"] == "approved" and proposal == asked["proposal"]
        going = [one for one in found if agreed or not one.released]
        _carry_out(db, pricing, going, _proposed_lines(db, contract))
        if proposal is None or agreed:
            db.execute("delete from repricing where contract_id = %s", [contract])
        else:
            db.execute(
                "update repricing set state = 'proposed', proposal = %s where contract_id = %s",
                [Jsonb(proposal), contract],
            )
        if proposal is not None or asked["proposal"] is not None:
            wake(db, FLOW, contract, asked["engagement_id"], "flow")
        _tell(db, contract, asked["engagement_id"], len(going))
    return len(going)


def _tell(db: Connection, contract: str, engagement: str, lines: int) -> None:
    if lines:
        audit(db, "lines.repriced", engagement=engagement, object_=contract, detail={"lines": lines})
    rows = db.execute("select id from project where contract_id = %s order by id", [contract]).fetchall()
    for row in rows:  # drafts that waited for these prices go on
        wake(db, "billing", row["id"], engagement, "flow")


_CONCERNED = """
select t.*, i.invoice_id as invoice, v.status as invoice_status, v.number as invoice_number
from project p join project_transaction t on t.project_id = p.id
  left join invoice_line i on i.transaction_id = t.id left join invoice v on v.id = i.invoice_id
where p.contract_id = %s and t.live and t.part = 0 and t.sign = 1 and t.state = 'checked'
  and t.kind in ('time', 'expense') and t.contract_version <> (select max(c.version) from contract_version c
    where c.contract_id = p.contract_id and coalesce(c.effective_from, '-infinity') <= t.work_date)
order by t.id
"""


def _differences(db: Connection, pricing: Pricing, contract: str) -> list[_Difference]:
    rows = db.execute(_CONCERNED, [contract]).fetchall()
    found: list[_Difference] = []
    for connection in sorted({row["connection"] for row in rows}):
        own = [row for row in rows if row["connection"] == connection]
        reference = _reference(db, pricing, connection, own)
        for row in own:
            project = reference.projects.get(row["project_ref"])
            if project is None:
                continue
            line, person = _source_line(row), reference.people.get(row["person_ref"] or "")
            priced = price(project.terms_on(line.work_date), line, person.terms if person else None)
            one = _Difference(row, priced if isinstance(priced, Priced) else None)
            if not _same(one):
                found.append(one)
    return found


def _same(one: _Difference) -> bool:
    names = ("currency", "rate", "amount", "disposition")
    return one.priced is not None and all(one.row[name] == getattr(one.priced, name) for name in names)


def _reference(db: Connection, pricing: Pricing, connection: str, rows: Sequence[Mapping[str, Any]]) -> Reference:
    projects = {row["project_ref"] for row in rows}
    people = {row["person_ref"] for row in rows if row["person_ref"] is not None}
    return load_reference(db, pricing, connection, connection, projects, people)


def _source_line(row: Mapping[str, Any]) -> SourceLine:
    """The line as its source told it; what a person corrected of it stays corrected."""
    same = ("kind", "source_id", "source_version", "project_ref", "task_ref", "person_ref", "role", "work_date")
    more = ("quantity", "unit", "billable", "approved_by", "approved_at", "note")
    values = {name: row[name] for name in (*same, *more)}
    return SourceLine(
        **values,
        approved=True,
        currency=row["source_currency"],
        amount=row["source_amount"],
        attributes=row["attributes"] or {},
    )


def _proposed_lines(db: Connection, contract: str) -> set[str]:
    """The transactions (`ptx_…`) that proposals hold, marked or not: what is under way must keep its price."""
    rows = db.execute(
        "select i.body from invoice i join project p on p.id = i.project_id"
        " where p.contract_id = %s and i.status in ('proposed', 'draft')",
        [contract],
    ).fetchall()
    lines = [line for row in rows for line in row["body"].get("lines", ())]
    return {transaction for line in lines for transaction in line.get("transaction_ids", ())}


def _carry_out(db: Connection, pricing: Pricing, going: Sequence[_Difference], proposed: Collection[str]) -> None:
    """A price on no invoice is replaced; any other line is taken back and stored anew."""
    anew = [one for one in going if one.priced is None or one.row["invoice"] is not None or _id(one) in proposed]
    taken = {one.row["id"] for one in anew}
    _replace_prices(db, {one.row["id"]: one.priced for one in going if one.priced and one.row["id"] not in taken})
    for connection, kind in sorted({(one.row["connection"], one.row["kind"]) for one in anew}):
        rows = [one.row for one in anew if (one.row["connection"], one.row["kind"]) == (connection, kind)]
        outcome = apply_changes(db, pricing, connection, kind, [_source_line(row) for row in rows], anew=True)
        pages = {row["id"]: int(row["page_id"]) for row in rows}
        charges: dict[int, list[Charge]] = {}
        for charge in outcome.charges:
            assert charge.supersedes is not None
            charges.setdefault(pages[charge.supersedes], []).append(charge)
        store_charges(db, _reference(db, pricing, connection, rows), charges)
    wake_projects_of(db, [one.row["id"] for one in going])


def _id(one: _Difference) -> str:
    row = one.row
    return transaction_id(row["connection"], row["kind"], row["source_id"], row["part"], row["seq"])


_REPLACE = """
update project_transaction t set currency = n.currency, rate = n.rate, amount = n.amount, rate_rule = n.rule,
  contract_version = n.version, disposition = n.disposition
from unnest(%(ids)s::bigint[], %(currencies)s::text[], %(rates)s::numeric[], %(amounts)s::numeric[], %(rules)s::text[],
  %(versions)s::int[], %(dispositions)s::text[]) n (id, currency, rate, amount, rule, version, disposition)
where t.id = n.id
"""


def _replace_prices(db: Connection, prices: Mapping[int, Priced]) -> None:
    """What an ERP line holds has no price, so that a line may be booked already."""
    if not prices:
        return
    values = {
        "ids": list(prices),
        "currencies": [one.currency for one in prices.values()],
        "rates": [one.rate for one in prices.values()],
        "amounts": [one.amount for one in prices.values()],
        "rules": [one.rate_rule for one in prices.values()],
        "versions": [one.contract_version for one in prices.values()],
        "dispositions": [one.disposition for one in prices.values()],
    }
    db.execute(_REPLACE, values)


def _proposal(released: Sequence[_Difference]) -> dict[str, Any] | None:
    """What a person agrees to: by invoice, role and rate what was billed and what it should have been."""
    if not released:
        return None
    groups: dict[tuple[str, ...], list[_Difference]] = {}
    for one in released:
        row, new = one.row, one.priced
        number, what = row["invoice_number"] or row["invoice"], row["role"] or row["kind"]
        rates = (f"{row['rate']:f}", f"{new.rate:f}" if new else "no agreed rate")
        groups.setdefault((number, what, *rates), []).append(one)
    credit, rebill = _sum(released, old=True), _sum(released, old=False)
    return {
        "currency": released[0].row["currency"],
        "net": f"{_gain(released):f}",
        "credited": f"{credit:f}",
        "billed_again": f"{rebill:f}",
        "contract_version": max(one.priced.contract_version if one.priced else 0 for one in released),
        "entries": len(released),
        "invoices": len({number for number, *_ in groups}),
        "by_invoice": [
            f"{number}: {what}, {_hours(some)}{new_rate} instead of {rate}, {_gain(some):+,f}"
            for (number, what, rate, new_rate), some in sorted(groups.items())
        ],
    }


def _hours(some: Sequence[_Difference]) -> str:
    minutes = sum((one.row["quantity"] for one in some if one.row["kind"] == "time"), Decimal(0))
    return f"{minutes / 60:,.2f} h at " if minutes else ""


def _sum(some: Sequence[_Difference], *, old: bool) -> Decimal:
    amounts = [one.row["amount"] if old else one.priced.amount if one.priced else Decimal(0) for one in some]
    return sum(amounts, Decimal(0))


def _gain(some: Sequence[_Difference]) -> Decimal:
    return _sum(some, old=False) - _sum(some, old=True)
