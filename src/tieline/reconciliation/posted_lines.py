"""Posted time: what Tieline posted against the ERP's own list. Only that list shows doubles and lines that are gone."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from tieline.reconciliation.comparison import TIELINE, Comparison, Firm, Repair, Scope, now_of
from tieline.reconciliation.sheet import Difference, Sheet
from tieline.sdk.roles import Erp
from tieline.store.database import Connection

NEVER_POSTED = "never posted"

REFERENCE = "t.connection || ':' || t.kind || ':' || t.source_id || ':' || t.part || case when t.seq > 0 then '~' || t.seq else '' end"  # noqa: E501 - one SQL expression
"""What `lane.outbound.reference_of` makes, as SQL."""
BOOKED_ON = "coalesce(t.posts_on, t.work_date)"
"""The day in the ERP's books: another than the work date where its period was closed."""

# Where a reversal sets the line it takes back to zero, both are zero once it is posted; while it is under way nobody
# can say what the line holds.
_POSTED = f"""
insert into wanted (key, external_id, legal_entity, currency, project, period, quantity, day, money, person)
select {REFERENCE}, e.erp_id, p.legal_entity, p.currency, p.id, to_char({BOOKED_ON}, 'YYYY-MM'),
  case when %(zeroes)s and (t.sign = -1 or r.id is not null) then 0 else t.quantity * t.sign end, {BOOKED_ON},
  t.amount, y.external_id
from erp_line e join project_transaction t on t.id = e.transaction_id join project p on p.id = t.project_id
  left join cross_reference y on y.connection = e.connection and y.target = 'person' and y.subject = t.person
  left join project_transaction r on %(zeroes)s and r.supersedes_id = t.id and r.sign = -1 and r.state <> 'void'
  left join erp_line s on s.transaction_id = r.id
where e.connection = %(connection)s and t.kind = 'time' and e.posted_at < %(listed_at)s
  and (r.id is null or s.posted_at < %(listed_at)s)
"""  # noqa: S608 - a constant of this module
_ORPHANS = f"""
insert into wanted (key, legal_entity, currency, project, period, quantity, day, money, label)
select {REFERENCE}, p.legal_entity, p.currency, p.id, to_char({BOOKED_ON}, 'YYYY-MM'), t.quantity * t.sign,
  {BOOKED_ON},
  t.amount, %(never)s
from project_transaction t join project p on p.id = t.project_id
  join route a on a.record_id = p.id and a.role = 'erp' and a.connection = %(connection)s
  left join posting_batch b on b.id = t.batch_id left join erp_line o on o.transaction_id = t.supersedes_id
where t.kind = 'time' and t.state = 'checked' and (t.live or t.sign = -1 and o.transaction_id is not null)
  and (b.id is null or b.state = 'done') and {BOOKED_ON} between %(first)s and %(last)s
  and p.legal_entity = any (%(posting)s) and not exists (select from erp_line e where e.transaction_id = t.id)
"""  # noqa: S608
_WITHIN = f"  and {BOOKED_ON} between %(first)s and %(last)s"
_THESE = f"  and {REFERENCE} = any (%(keys)s) and not exists (select from wanted w where w.key = {REFERENCE})"
_HELD = """
insert into held (key, external_id, legal_entity, currency, project, period, quantity, day, person)
select case when split_part(l.reference, ':', 1) = any (%(sources)s) then l.reference end, l.external_id,
  coalesce(p.legal_entity, '-'), coalesce(p.currency, '-'), coalesce(p.id, 'elsewhere:' || coalesce(l.project, '-')),
  to_char(l.day, 'YYYY-MM'), l.quantity, l.day, l.person
from listed l
  left join cross_reference r on r.connection = %(connection)s and r.target = 'project' and r.external_id = l.project
  left join project p on p.id = r.subject
where (p.id is not null or split_part(l.reference, ':', 1) = any (%(sources)s))
  and not exists (select from held h where h.external_id = l.external_id)
"""
# Posted since the list was read, or under way: the next run sees them on both sides.
_UNDER_WAY = f"""
delete from held where key in (
  select {REFERENCE} from project_transaction t left join erp_line e on e.transaction_id = t.id
    left join posting_batch b on b.id = t.batch_id
  where {REFERENCE} = any (%(keys)s) and (e.posted_at >= %(listed_at)s
    or e.transaction_id is null and t.state in ('checked', 'held') and b.state <> 'done'))
"""  # noqa: S608


def posted_line_comparisons(firm: Firm, scope: Scope) -> Iterator[Comparison]:
    """Time of every ERP that lists it."""
    for name, connected in firm.connected.items():
        if connected.erp is None or "time" not in connected.erp.books.shows:
            continue
        work = Posted(firm, scope, connected.erp)
        yield Comparison(
            left=TIELINE,
            right=name,
            record="time",
            facts=connected.erp.books.shows["time"],
            fill=work.fill,
            look_again=work.look_again,
            repair=_repair,
        )


class Posted:
    """Fills a sheet with the posted lines of one ERP."""

    def __init__(self, firm: Firm, scope: Scope, erp: Erp) -> None:
        self._firm = firm
        self._scope = scope
        self._erp = erp
        self._listed_at: datetime | None = None

    def fill(self, sheet: Sheet) -> None:
        """The ERP's list, then ours as it was when that list began."""
        self._listed_at = now_of(sheet.db)
        sheet.copy(self._erp.books.list_held("time", self._scope.period.days))
        sheet.db.execute(_HELD, self._values)
        sheet.db.execute(_POSTED + _WITHIN, self._values)
        sheet.db.execute(_ORPHANS, self._values)

    def look_again(self, sheet: Sheet, missing: Sequence[str], extra: Sequence[str]) -> bool:
        """What stands there, or here, under a day outside the period."""
        changed = 0
        if missing:
            sheet.db.execute("truncate listed")
            sheet.copy(self._erp.books.find_held("time", list(missing)))
            changed += sheet.db.execute(_HELD, self._values).rowcount
        if extra:
            values = {**self._values, "keys": list(extra)}
            changed += sheet.db.execute(_UNDER_WAY, values).rowcount
            changed += sheet.db.execute(_POSTED + _THESE, values).rowcount
        return changed > 0

    @property
    def _values(self) -> dict[str, object]:
        entities = [entity for entity in self._firm.entities if self._posts(entity)]
        return {
            "connection": self._erp.connection,
            "sources": [name for name, one in self._firm.connected.items() if one.psa is not None],
            "posting": entities,
            "zeroes": self._erp.books.zeroes_reversed,
            "listed_at": self._listed_at,
            "first": self._scope.period.first,
            "last": self._scope.period.last,
            "never": NEVER_POSTED,
        }

    def _posts(self, entity: str) -> bool:
        return self._firm.pricing.posts(self._erp.connection, entity)


def _repair(db: Connection, differences: Sequence[Difference]) -> Mapping[int, Repair]:
    """What was never posted may be posted now; anything else in the ERP's books is finance's."""
    return {
        place: "wake" for place, one in enumerate(differences) if one.kind == "missing" and one.label == NEVER_POSTED
    }
