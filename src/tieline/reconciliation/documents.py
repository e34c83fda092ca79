"""Customers, projects and contracts: what Tieline wrote against what ERP, PSA and CRM list.

What is wanted is the newest contract version, whether or not it has reached a system, so an amendment that did not
arrive shows as a stale version.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from tieline.reconciliation.comparison import TIELINE, Comparison, Firm, Record, Repair, now_of
from tieline.reconciliation.sheet import Difference, Sheet
from tieline.sdk.books import Books, Listed
from tieline.sdk.errors import Unavailable
from tieline.store.database import Connection

NEVER_THERE = "never written"
LONGEST_NAME = 80
"""Longer names may be cut over there; they are not compared."""
PREFIXES: Mapping[Listed, str] = {"customer": "cus", "project": "prj", "contract": "con", "invoice": "inv"}
"""How references of ours begin; a system also lists what was never ours."""

# A write under way is left alone for a while, and so is a contract whose newest version is just being carried out.
_WANTED = """
with versions as (
  select v.contract_id, v.version, v.activated_at, l.line->>'delivering_entity' as entity,
    sum((l.line->'amount'->>'amount')::numeric) as amount,
    v.version = max(v.version) over (partition by v.contract_id) as newest
  from contract_version v cross join lateral jsonb_array_elements(v.body->'lines') l (line)
  where coalesce(v.effective_from, '-infinity') <= current_date group by 1, 2, 3, 4), -- later ones are kept here
worth as (
  select contract_id, entity, max(version) as version, max(activated_at) as activated_at,
    max(amount) filter (where newest) as amount, array_agg(amount) filter (where not newest) as older
  from versions group by 1, 2)
insert into wanted (key, external_id, legal_entity, currency, project, period, amount, version, money, label, older,
  name)
select f.subject, f.external_id, coalesce(p.legal_entity, split_part(f.subject, ':', 2)), coalesce(p.currency, '-'),
  coalesce(p.id, '-'), '-', case when %(whole)s then round(w.amount) else w.amount end, w.version,
  coalesce(w.amount, 0), case when f.external_id is null then %(never)s else coalesce(p.code, c.name) end,
  case when %(whole)s then array(select round(a) from unnest(w.older) a) else w.older end, n.name
from effect f
  left join project p on case %(record)s when 'project' then p.id = f.subject when 'contract' then
    p.contract_id = split_part(f.subject, ':', 1) and p.legal_entity = split_part(f.subject, ':', 2) end
  left join worth w on w.contract_id = p.contract_id and w.entity = p.legal_entity
  left join agenda a on a.flow = 'contract_to_project' and a.key = p.contract_id
  left join lateral (select max(e.customer_name) as name from engagement e
    where e.customer_id = split_part(f.subject, ':', 1)) c on %(record)s = 'customer'
  left join lateral (select m.body->>'name' as name from master_record m where m.kind = 'customer'
    and m.id = customer_named_by(split_part(f.subject, ':', 1)) and length(m.body->>'name') <= %(longest)s
    and m.seen_at < %(listed_at)s - %(grace)s::interval) n on %(record)s = 'customer' and f.external_id is not null
where f.connection = %(connection)s and f.target = %(record)s and f.retired_at is null and (f.external_id is not null
    or f.state = 'rejected')
  and (f.state in ('confirmed', 'drifted') and f.changed_at < %(listed_at)s or f.state = 'rejected'
    or f.state in ('intended', 'in_doubt', 'accepted', 'refused_for_now', 'released')
      and f.changed_at < %(listed_at)s - %(grace)s::interval)
  and not (coalesce(a.behind, false) and w.activated_at > %(listed_at)s - %(grace)s::interval)
"""
_HELD = """
insert into held (key, external_id, legal_entity, currency, project, period, amount, version, label, name)
select k.key, l.external_id, coalesce(w.legal_entity, '-'), coalesce(l.currency, w.currency, '-'),
  coalesce(w.project, '-'), '-', l.amount, l.version, l.label, case when %(record)s = 'customer' then l.label end
from listed l
  left join cross_reference x on x.connection = %(connection)s and x.target = %(record)s
    and x.external_id = l.external_id
  cross join lateral (select coalesce(x.subject, l.reference) as key) k left join wanted w on w.key = k.key
where not l.void and (x.subject is not null or starts_with(l.reference, %(prefix)s))
"""
# A record we know, but do not want just now: it is under way, was withdrawn, or its effect is retired.
_KNOWN = """
delete from held where key in (
  select f.subject from effect f where f.connection = %(connection)s and f.target = %(record)s and f.subject = any (%(keys)s))
"""  # noqa: E501 - one condition


@dataclass(frozen=True, slots=True)
class Ledger:
    """One kind of record in one system."""

    books: Books
    connection: str
    record: Listed
    grace: timedelta

    def values(self, listed_at: datetime) -> dict[str, object]:
        """What the statements ask for."""
        return {
            "connection": self.connection,
            "record": self.record,
            "prefix": f"{PREFIXES[self.record]}_",
            "whole": self.books.whole_amounts,
            "listed_at": listed_at,
            "grace": self.grace,
            "never": NEVER_THERE,
            "longest": LONGEST_NAME,
        }


def document_comparisons(firm: Firm) -> Iterator[Comparison]:
    """Every list of customers, projects and contracts a system of the firm offers."""
    records: tuple[tuple[Record, Listed], ...] = (
        ("customer", "customer"),
        ("project", "project"),
        ("contract", "contract"),
    )
    for name, connected in firm.connected.items():
        for role in (connected.erp, connected.psa, connected.crm):
            if role is None:
                continue
            for record, listed in records:
                if listed in role.books.shows:
                    ledger = Ledger(role.books, name, listed, firm.grace)
                    yield Comparison(
                        left=TIELINE,
                        right=name,
                        record=record,
                        facts=role.books.shows[listed] - {"project"},
                        fill=partial(_fill, ledger),
                        look_again=partial(_look_again, ledger),
                        repair=_repair,
                    )


def _fill(ledger: Ledger, sheet: Sheet) -> None:
    listed_at = now_of(sheet.db)
    sheet.copy(ledger.books.list_held(ledger.record))
    values = ledger.values(listed_at)
    sheet.db.execute(_WANTED, values)
    sheet.db.execute(_HELD, values)
    _refuse_silence(ledger, sheet)


def _refuse_silence(ledger: Ledger, sheet: Sheet) -> None:
    """A list without a single record of ours, where there are many, is a right that was taken away, not a catastrophe.

    Raises Unavailable.
    """
    row = sheet.db.execute(
        "select (select count(*) from wanted) as wanted, (select count(*) from held) as held"
    ).fetchone()
    if row is not None and row["held"] == 0 and row["wanted"] >= MANY:
        message = f"lists none of the {row['wanted']:,} records of kind {ledger.record} we wrote: may we see them?"
        raise Unavailable(ledger.connection, message)


MANY = 20


def _look_again(ledger: Ledger, sheet: Sheet, missing: Sequence[str], extra: Sequence[str]) -> bool:
    values = {**ledger.values(now_of(sheet.db)), "keys": list(extra)}
    sheet.db.execute(_KNOWN, values)
    return True


def _repair(db: Connection, differences: Sequence[Difference]) -> Mapping[int, Repair]:
    """A field of ours is written again, a refused create tried again; a record that is gone is a person's matter."""
    repairs: dict[int, Repair] = {}
    for place, one in enumerate(differences):
        if one.kind in ("amount", "stale_version", "name"):
            repairs[place] = "ensure"
        elif one.kind == "missing" and one.label == NEVER_THERE:
            repairs[place] = "wake"
    return repairs
