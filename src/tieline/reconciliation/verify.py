"""`tieline verify`: the invariants against the systems' own records, with the tables of conservation."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Literal

import structlog
from psycopg.types.json import Jsonb

from tieline.lane.pull import feed_of, pull_feed
from tieline.reconciliation import laws
from tieline.reconciliation.comparison import Firm, now_of
from tieline.reconciliation.conservation import (
    TABLES,
    Quantity,
    Value,
    prepare,
    quantities,
    values,
    wrong_quantities,
    wrong_values,
)
from tieline.reconciliation.documents import PREFIXES
from tieline.reconciliation.reconcile import alone
from tieline.reconciliation.sheet import COPIED, Sheet
from tieline.reconciliation.source_lines import KINDS, approved_lines
from tieline.sdk.books import Books, Listed
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable
from tieline.store.database import Connection

log = structlog.get_logger()

DOCUMENTS: tuple[Listed, ...] = ("customer", "project", "contract", "invoice")
MOST_TOLD = 100
Invariant = Literal["I1", "I2", "I3", "I5", "I10"]
TITLES: dict[Invariant, str] = {
    "I1": "Nothing approved is lost, nothing priced is lost",
    "I2": "No source line has two live ERP lines",
    "I3": "Every link has its record, every record of ours its link",
    "I5": "The newest version counts, in every system",
    "I10": "Nothing waits longer than it may without somebody being told",
}


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One invariant: how much was looked at, and what violates it."""

    invariant: Invariant
    looked_at: int
    violations: list[str]
    count: int

    @property
    def title(self) -> str:
        """What it promises."""
        return TITLES[self.invariant]


@dataclass(frozen=True, kw_only=True)
class Verification:
    """A run and its result."""

    id: int
    seed: int
    moving: int
    """Source lines that changed while the lists were read: told by the next run."""
    quantities: list[Quantity] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    checked: list[Checked] = field(default_factory=list)

    @property
    def violations(self) -> int:
        """In sum."""
        return sum(one.count for one in self.checked)


_BEGIN = "insert into verification (asked_by, seed) values (%s, %s) returning id"
_END = """
update verification set ended_at = clock_timestamp(), state = %s, violations = %s, problem = %s, result = %s
where id = %s
"""


def verify(firm: Firm, by: str, *, seed: int, sample: int = 50, sla: timedelta = timedelta(hours=1)) -> Verification:
    """Check all invariants. Raises Busy, and the three errors when a system's records cannot be read."""
    with alone(firm) as db:
        db.execute("update verification set state = 'failed', problem = 'was broken off' where state = 'running'")
        row = db.execute(_BEGIN, [by, seed]).fetchone()
        assert row is not None
        run = int(row["id"])
        try:
            result = _verify(firm, db, run, seed, sample, sla)
        except (Unavailable, Rejected, Unauthorized) as error:
            db.execute(_END, ["failed", None, f"{firm.system(error.system)}: {error.message}"[:500], None, run])
            raise
        db.execute(_END, ["done", result.violations, None, Jsonb(as_json(result)), run])
    log.info("verified", run=run, violations=result.violations, moving=result.moving)
    return result


def _verify(firm: Firm, db: Connection, run: int, seed: int, sample: int, sla: timedelta) -> Verification:
    sheet, since = Sheet(db), now_of(db)
    db.execute(TABLES.encode())
    feeds = _read_sources(firm, db)
    listed = list(_read_lists(firm, sheet, since))
    moving = prepare(db, since, feeds)
    amounts, money = quantities(db), values(db)
    checked = [
        _conservation(amounts, money, laws.handed_over(db)),
        _checked("I2", _count(db, "booked"), map(_double, laws.doubles(db))),
        _links(db, firm, seed, sample, listed),
        _checked("I5", _count(db, "booked"), map(_out_of_order, laws.order(db))),
        _checked("I10", _count(db, "agenda"), map(_stuck, laws.silent(db, sla))),
    ]
    return Verification(id=run, seed=seed, moving=moving, quantities=amounts, values=money, checked=checked)


def _read_sources(firm: Firm, db: Connection) -> list[tuple[str, str]]:
    """The approved lines of every PSA; afterwards its feeds are read to their end."""
    feeds: list[tuple[str, str]] = []
    for name, connected in firm.connected.items():
        if connected.psa is None:
            continue
        for kind in KINDS:
            lines = approved_lines(connected.psa, kind, None)
            rows = (
                (
                    *(name, kind, line.source_id, line.project_ref, line.work_date),
                    *((line.quantity, "min") if kind == "time" else (line.amount or 0, line.currency or "-")),
                )
                for line in lines
            )
            _load(db, "approved", rows)
            pull_feed(firm.database, feed_of(connected.psa, kind), firm.pricing)
            feeds.append((name, kind))
    return feeds


def _load(db: Connection, table: Literal["approved", "booked", "billed"], rows: Iterable[tuple[Any, ...]]) -> None:
    """COPY in parts; a line that comes twice counts once, as it was last."""
    statements = {
        "approved": (
            "create temp table part (like approved)",
            "copy part from stdin",
            "insert into approved select distinct on (connection, kind, source_id) * from part"
            " on conflict (connection, kind, source_id) do nothing",
        ),
        "booked": ("create temp table part (like booked)", "copy part from stdin", "insert into booked table part"),
        "billed": (
            "create temp table part (like billed)",
            "copy part from stdin",
            "insert into billed select distinct on (invoice_id) * from part on conflict do nothing",
        ),
    }
    create, copy_in, insert = statements[table]
    left = iter(rows)
    while some := list(islice(left, COPIED)):
        db.execute(create.encode())
        with db.cursor() as cursor, cursor.copy(copy_in.encode()) as copy:
            for row in some:
                copy.write_row(row)
        db.execute(insert.encode())
        db.execute("drop table part")


def _read_lists(firm: Firm, sheet: Sheet, since: datetime) -> Iterator[tuple[str, str, list[dict[str, Any]], int]]:
    """Every list of every system: time and invoices for conservation, documents for their links."""
    sources = {name for name, one in firm.connected.items() if one.psa is not None}
    for name, connected in firm.connected.items():
        for role in (connected.erp, connected.psa, connected.crm):
            if role is None:
                continue
            books: Books = role.books
            if "time" in books.shows:
                held = books.list_held("time")
                rows = (
                    (name, one.reference, one.external_id, one.quantity, one.day, one.project)
                    for one in held
                    if one.reference is not None and one.reference.split(":")[0] in sources
                )
                _load(sheet.db, "booked", rows)
            for record in DOCUMENTS:
                if record in books.shows:
                    yield (name, record, *_links_of(sheet, name, record, books, since, connected.erp is not None))


def _links_of(
    sheet: Sheet, name: str, record: Listed, books: Books, since: datetime, is_erp: bool
) -> tuple[list[dict[str, Any]], int]:
    sheet.clear()
    count = sheet.copy(books.list_held(record))
    if record == "invoice" and is_erp:
        sheet.db.execute(
            "insert into billed select distinct on (k.id) %(name)s, k.id from listed l left join cross_reference x"
            " on x.connection = %(name)s and x.target = 'invoice' and x.external_id = l.external_id"
            " cross join lateral (select coalesce(x.subject, l.reference) as id) k"
            " where not l.void and k.id is not null"
            " on conflict do nothing",
            {"name": name},
        )
    values = {"connection": name, "target": record, "prefix": f"{PREFIXES[record]}_", "since": since}
    return laws.links(sheet.db, values), count


def _conservation(amounts: list[Quantity], money: list[Value], handed_over: list[dict[str, Any]]) -> Checked:
    told = [
        f"{row.project} {row.period}: {row.approved:,} {row.unit} approved,"
        f" {row.approved - row.lost:,} accounted for ({', '.join(row.ids)})"
        for row in wrong_quantities(amounts)
    ]
    told += [
        f"{row.project} {row.period}: {row.currency} {row.priced:,.2f} priced,"
        f" {row.priced - row.lost:,.2f} accounted for"
        for row in wrong_values(money)
    ]
    told += [
        f"{row['contract_id']} handed its balance over with {row['currency']} {row['billed']:,.2f} billed,"
        f" now it is {row['billed_now']:,.2f}"
        for row in handed_over
    ]
    return _checked("I1", sum(row.lines for row in amounts), told)


def _links(
    db: Connection,
    firm: Firm,
    seed: int,
    sample: int,
    listed: list[tuple[str, str, list[dict[str, Any]], int]],
) -> Checked:
    told = [_link(row) for _, _, rows, _ in listed for row in rows]
    told += [f"{row['connection']} has {row['reference']} (id {row['external_id']}), which nobody here knows"
             for row in laws.ghost_lines(db)]  # fmt: skip
    told += [f"{row['connection']} lacks {row['reference']}, which was posted" for row in laws.gone_lines(db)]
    looked_at = sum(count for *_, count in listed) + _count(db, "booked")
    whole = [(name, record) for name, record, *_ in listed]
    for row in laws.sampled(db, firm, seed, sample, whole):
        looked_at += 1
        if row["law"] is not None:
            told.append(_link(row))
    return _checked("I3", looked_at, told)


def _link(row: dict[str, Any]) -> str:
    if row["law"] == "ghost":
        return (
            f"{row['connection']} has {row['target']} {row['subject']} (id {row['external_id']}), which no link names"
        )
    return f"{row['connection']} lacks {row['target']} {row['external_id']}, to which {row['subject']} is linked"


def _double(row: dict[str, Any]) -> str:
    times, ids = max(row["charges"] - row["reversals"], row["repeated"] + 1), ", ".join(row["ids"])
    return f"{row['connection']} holds {row['source']} {times} times (ids {ids})"


def _out_of_order(row: dict[str, Any]) -> str:
    return (
        f"{row['connection']} has {row['quantity']:,f} for {row['source']}; its newest version says {row['newest']:,f}"
    )


def _stuck(row: dict[str, Any]) -> str:
    since = f" since {row['since']:%Y-%m-%d %H:%M}" if row["since"] else ""
    return f"{row['what']} {row['name']} is {row['state']}{since}, and no exception says so"


def _checked(invariant: Invariant, looked_at: int, told: Iterable[str]) -> Checked:
    sentences = list(told)
    return Checked(invariant=invariant, looked_at=looked_at, violations=sentences[:MOST_TOLD], count=len(sentences))


def _count(db: Connection, table: Literal["booked", "agenda"]) -> int:
    row = db.execute(f"select count(*) as n from {table}".encode()).fetchone()  # noqa: S608 - one of two names
    return int(row["n"]) if row else 0


def as_json(result: Verification) -> dict[str, Any]:
    """The result as stored and printed."""
    return {
        "seed": result.seed,
        "violations": result.violations,
        "moving": result.moving,
        "checked": [{**asdict(one), "title": one.title} for one in result.checked],
        "quantities": [asdict(row) for row in result.quantities],
        "values": [asdict(row) for row in result.values],
    }
