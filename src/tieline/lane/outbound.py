"""The lines of a claimed batch as the ERP takes them, with the ERP's own ids of project, task and person."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tieline.lane.pricing import Pricing
from tieline.sdk.errors import Rejected
from tieline.sdk.lines import ErpLine
from tieline.store.database import Connection

# A superseded charge is looked up, but never sent again: its reversal is held until we know.
_LINES = """
select t.id, t.connection, t.kind, t.source_id, t.part, t.seq, t.sign, t.live, t.project_id, t.legal_entity,
  t.item_code, t.work_date, t.quantity, t.cost_rate, t.note, t.person, p.code,
  x.external_id as project, y.external_id as employee, z.external_id as task
from project_transaction t left join project p on p.id = t.project_id
  left join cross_reference x on x.connection = %(erp)s and x.target = 'project' and x.subject = t.project_id
  left join cross_reference y on y.connection = %(erp)s and y.target = 'person' and y.subject = t.person
  left join cross_reference s on s.connection = t.connection and s.target = 'wbs_element' and s.external_id = t.task_ref
  left join cross_reference z on z.connection = %(erp)s and z.target = 'wbs_element' and z.subject = s.subject
where t.id = any (%(ids)s) and t.state = 'checked'
  and not exists (select from erp_line e where e.transaction_id = t.id)
order by t.id
"""


@dataclass(frozen=True, slots=True)
class Outbound:
    """One line of a batch. `line` is None when the ERP's ids are gone: `problem` says which."""

    id: int
    reference: str
    superseded: bool
    project_id: str | None
    legal_entity: str | None
    line: ErpLine | None
    problem: Rejected | None


def reference_of(connection: str, kind: str, source_id: str, part: int, seq: int) -> str:
    """What we call a line in the ERP; an odd number behind the tilde is a reversal."""
    return f"{connection}:{kind}:{source_id}:{part}" + (f"~{seq}" if seq else "")


def lines_of(db: Connection, erp: str, ids: Sequence[int], pricing: Pricing) -> list[Outbound]:
    """The lines of a batch that are neither posted nor gone from it, in a fixed order."""
    return [_outbound(row, erp, pricing) for row in db.execute(_LINES, {"erp": erp, "ids": list(ids)}).fetchall()]


def _outbound(row: dict[str, Any], erp: str, pricing: Pricing) -> Outbound:
    reference = reference_of(row["connection"], row["kind"], row["source_id"], row["part"], row["seq"])
    problem = _missing(row, erp, pricing)
    line = None
    if problem is None:
        line = ErpLine(
            reference=reference,
            project=row["project"],
            task=row["task"],
            person=row["employee"],
            item=pricing.item(erp, row["item_code"]),
            work_date=row["work_date"],
            minutes=row["quantity"] * row["sign"],
            legal_entity=row["legal_entity"],
            cost_rate=row["cost_rate"],
            note=row["note"],
            sign=row["sign"],
        )
    superseded = row["sign"] == 1 and not row["live"]
    return Outbound(row["id"], reference, superseded, row["project_id"], row["legal_entity"], line, problem)


def _missing(row: dict[str, Any], erp: str, pricing: Pricing) -> Rejected | None:
    if row["project"] is None:
        return _gone(erp, "project", row["project_id"], f"{row['code']} is no longer known in {erp}", "finance")
    if row["employee"] is None:
        return _gone(erp, "person", row["person"], f"{erp} has no employee with the e-mail {row['person']}", "resource")
    if pricing.lacks_item(erp, row["item_code"]):
        message = f"'{row['item_code']}' has no service item in {erp}"
        return Rejected(erp, message, kind="mapping", field="item", key=row["item_code"], owner="finance")
    return None


def _gone(erp: str, name: str, key: str | None, message: str, owner: str) -> Rejected:
    return Rejected(erp, message, kind="master_data", field=name, key=key, owner=owner)
