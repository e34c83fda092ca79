"""A record that arrived from a system first: nobody guesses its engagement, a person links it or ignores it."""

from datetime import timedelta

from tieline.engine.problem import Problem
from tieline.engine.routing import Systems
from tieline.engine.run import Run
from tieline.model.firm import Firm

SETTLING = timedelta(seconds=60)
"""A record we have just written may be swept before its outcome is in our books."""

FLOWS_OF = {"project": ("staffing", "milestone_billing"), "invoice": ("invoice_feedback",)}


def flows_of(record: str, firm: Firm) -> tuple[str, ...]:
    """The flows a changed record concerns; statuses only where the site names some."""
    closes = record == "project" and firm.closing.psa_statuses
    return (*FLOWS_OF.get(record, ()), *(("project_status",) if closes else ()))


def unlinked(run: Run, key: str, systems: Systems) -> None:
    """Key: `connection:record:vendor id`."""
    connection, record, external_id = key.split(":", 2)
    known = run.db.execute(
        "select r.subject, coalesce(p.engagement_id, i.engagement_id) as engagement from cross_reference r"
        " left join project p on p.id = r.subject left join invoice i on i.id = r.subject"
        " where r.connection = %s and r.target = %s and r.external_id = %s",
        [connection, record, external_id],
    ).fetchone()
    if known is not None:
        for flow in flows_of(record, systems.firm):
            run.wake(flow, known["subject"], known["engagement"] or known["subject"])
        return
    first = run.db.execute(
        "select min(received_at) as at from inbox where connection = %s and vendor_event_id like %s",
        [connection, f"{record}:{external_id}:%"],
    ).fetchone()
    if first is not None and first["at"] is not None and run.started_at - first["at"] < SETTLING:
        run.look_again(SETTLING)
        return
    system = systems.connection(connection).facts.system
    run.require(
        [
            Problem(
                kind="unlinked",
                connection=connection,
                field=record,
                key=external_id,
                message=f"{system} has {record} {external_id}, which belongs to no engagement",
                suggestion="Link it to one of our records, or leave it to its system with a reason.",
                owner="delivery" if record == "project" else "finance",
                label=f"{record} made in {system}",
                target=record,
                subject=external_id,
            )
        ]
    )
