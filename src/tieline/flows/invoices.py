"""Invoices we proposed, as stored: what was sent, and what the ERP last said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tieline.engine.link import Link
from tieline.engine.run import Run
from tieline.model.ids import derived
from tieline.model.invoice import Invoice, InvoiceState, Payment
from tieline.model.project import Project
from tieline.sdk.roles import Erp
from tieline.store.canonical import body_of, loaded, put_record
from tieline.store.database import Connection
from tieline.store.master_data import customer_held_as


@dataclass(frozen=True, kw_only=True)
class StoredInvoice:
    """One row of table `invoice`. `status` is `proposed` until the ERP has told another."""

    id: str
    project_id: str
    engagement_id: str
    connection: str
    external_id: str | None
    status: str
    proposal: Invoice
    state: InvoiceState | None
    posts_on: date | None = None
    """The date it has, where its period is closed in the ERP."""


_SELECT = (
    "select i.id, i.project_id, i.engagement_id, i.connection, i.status, i.body, i.state, i.posts_on,"
    " coalesce(i.external_id, r.external_id) as external_id from invoice i left join cross_reference r"
    " on r.connection = i.connection and r.target = 'invoice' and r.subject = i.id "
)


def open_draft(db: Connection, project_id: str) -> StoredInvoice | None:
    """The project's draft that may still grow."""
    return open_documents(db, project_id)[0]


def open_documents(db: Connection, project_id: str) -> tuple[StoredInvoice | None, StoredInvoice | None]:
    """The project's draft that may still grow, and a credit memo of which the ERP has told nothing yet."""
    rows = db.execute(
        _SELECT + "where i.project_id = %s and i.status in ('proposed', 'draft') order by i.proposed_at desc",
        [project_id],
    ).fetchall()
    found = [_stored(row) for row in rows]
    memos = (one for one in found if one.proposal.is_credit and one.status == "proposed")
    return next((one for one in found if not one.proposal.is_credit), None), next(memos, None)


def erp_links(run: Run, erp: Erp, project: Project) -> dict[str, Link]:
    """What a document of a project names in the ERP."""
    held = customer_held_as(run.db, erp.connection, project.customer_id, project.legal_entity)
    part, billed = f"{project.contract_id}:{project.legal_entity}", f"{held}:{project.legal_entity}"
    return {
        "customer": run.link_to("Customer in ERP", erp.connection, erp.ensure_customer.target, billed),
        "project": run.link_to("Project in ERP", erp.connection, erp.ensure_project.target, project.id),
        "contract": run.link_to("Contract in ERP", erp.connection, erp.ensure_contract.target, part),
    }


def read_stored(db: Connection, invoice_id: str) -> StoredInvoice | None:
    """One invoice."""
    row = db.execute(_SELECT + "where i.id = %s", [invoice_id]).fetchone()
    return _stored(row) if row else None


def invoices_of(db: Connection, project_id: str) -> list[StoredInvoice]:
    """All invoices of a project, the oldest first."""
    rows = db.execute(_SELECT + "where i.project_id = %s order by i.proposed_at, i.id", [project_id]).fetchall()
    return [_stored(row) for row in rows]


def next_invoice_id(db: Connection, project_id: str) -> str:
    """The id of the project's next invoice: the same on every look until it is stored."""
    row = db.execute("select count(*) as n from invoice where project_id = %s", [project_id]).fetchone()
    assert row is not None
    return derived("invoice", project_id, row["n"] + 1)


def keep_proposal(db: Connection, invoice: Invoice, connection: str) -> None:
    """Store what is about to be sent."""
    db.execute(
        "insert into invoice (id, engagement_id, project_id, connection, schema_version, body)"
        " values (%s, %s, %s, %s, %s, %s) on conflict (id) do update set body = excluded.body,"
        " changed_at = clock_timestamp() where invoice.body is distinct from excluded.body",
        [
            invoice.id,
            invoice.engagement_id,
            invoice.project_id,
            connection,
            invoice.schema_version,
            body_of(invoice),
        ],
    )


def note_withdrawal(db: Connection, invoice_id: str) -> None:
    """Store that we take a draft back, before the ERP is told: a draft we did not take back is voided by people."""
    db.execute(
        "update invoice set withdrawn_at = clock_timestamp() where id = %s and withdrawn_at is null", [invoice_id]
    )


def keep_state(db: Connection, invoice_id: str, state: InvoiceState) -> None:
    """Store what the ERP says of an invoice; an older statement never overwrites a newer one."""
    db.execute(
        "update invoice set state = %(body)s, status = %(status)s, number = %(number)s, external_id = %(external)s,"
        " changed_at = clock_timestamp() where id = %(id)s and state is distinct from %(body)s::jsonb"
        " and coalesce((state->>'source_version')::bigint, 0) <= %(version)s",
        {
            "body": body_of(state),
            "status": state.status,
            "number": state.number,
            "external": state.external_id,
            "id": invoice_id,
            "version": state.source_version,
        },
    )


def applied(stored: StoredInvoice, payments: Sequence[Payment]) -> list[Payment]:
    """Payments as applied to this invoice, in order of their ids; one may be applied to several invoices."""
    ours = {"invoice_ref": stored.external_id}
    told = [payment.model_copy(update={"id": f"{payment.id}:{stored.id}", **ours}) for payment in payments]
    return sorted(told, key=lambda payment: payment.id)


def payments_of(db: Connection, stored: StoredInvoice) -> list[Payment]:
    """The payments we know of an invoice, in order of their ids."""
    rows = db.execute(
        "select body from record where kind = 'payment' and engagement_id = %s and body->>'invoice_ref' = %s",
        [stored.engagement_id, stored.external_id],
    ).fetchall()
    return sorted((loaded(Payment, row["body"]) for row in rows), key=lambda payment: payment.id)


def keep_payments(db: Connection, stored: StoredInvoice, payments: Sequence[Payment]) -> None:
    """Store the money applied to an invoice as the ERP tells it now."""
    db.execute(
        "delete from record where kind = 'payment' and engagement_id = %s and body->>'invoice_ref' = %s",
        [stored.engagement_id, stored.external_id],
    )
    for payment in payments:
        put_record(db, "payment", payment, engagement_id=stored.engagement_id)


def _stored(row: dict[str, object]) -> StoredInvoice:
    body, state = row.pop("body"), row.pop("state")
    assert isinstance(body, dict)
    return StoredInvoice(
        proposal=loaded(Invoice, body),
        state=loaded(InvoiceState, state) if isinstance(state, dict) else None,
        **row,  # type: ignore[arg-type]
    )
