"""Canonical records in the database, each with its schema version."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from psycopg.types.json import Jsonb

from tieline.model.contract import ContractVersion
from tieline.model.project import Project
from tieline.model.record import Record
from tieline.store.database import Connection

R = TypeVar("R", bound=Record)


def body_of(record: Record) -> Jsonb:
    """The record as stored."""
    return Jsonb(record.model_dump(mode="json"))


def loaded(record_type: type[R], body: dict[str, Any]) -> R:
    """A stored record; decimals and dates come back exactly.

    Fields of a newer release are left out: during an upgrade both are at work on one database.
    """
    return record_type.model_validate(body, extra="ignore")


# ---- engagements ----


def engagement_of_opportunity(db: Connection, opportunity_id: str) -> str | None:
    """The engagement an opportunity belongs to."""
    row = db.execute(
        "select engagement_id from engagement_opportunity where opportunity_id = %s", [opportunity_id]
    ).fetchone()
    return row["engagement_id"] if row else None


def engagements_of_opportunities(db: Connection, opportunity_ids: Sequence[str]) -> dict[str, str]:
    """Opportunity -> its engagement, for those that belong to one."""
    rows = db.execute(
        "select opportunity_id, engagement_id from engagement_opportunity where opportunity_id = any(%s)",
        [list(opportunity_ids)],
    ).fetchall()
    return {row["opportunity_id"]: row["engagement_id"] for row in rows}


def open_engagement(
    db: Connection, engagement_id: str, opportunity_id: str, name: str, customer_id: str, customer_name: str
) -> None:
    """Open an engagement (or keep it) and add the opportunity to it."""
    db.execute(
        "insert into engagement (id, name, customer_id, customer_name) values (%s, %s, %s, %s)"
        " on conflict (id) do nothing",
        [engagement_id, name, customer_id, customer_name],
    )
    db.execute(
        "insert into engagement_opportunity (opportunity_id, engagement_id) values (%s, %s) on conflict do nothing",
        [opportunity_id, engagement_id],
    )


# ---- contracts ----


def newest_contract(db: Connection, contract_id: str) -> ContractVersion | None:
    """The contract as it is agreed: its newest version, which may take effect later."""
    row = db.execute(
        "select body from contract_version where contract_id = %s order by version desc limit 1", [contract_id]
    ).fetchone()
    return loaded(ContractVersion, row["body"]) if row else None


def contract_versions(db: Connection, contract_id: str) -> list[ContractVersion]:
    """All versions of a contract, the first one first."""
    rows = db.execute(
        "select body from contract_version where contract_id = %s order by version", [contract_id]
    ).fetchall()
    return [loaded(ContractVersion, row["body"]) for row in rows]


def first_contract(db: Connection, contract_id: str) -> ContractVersion | None:
    """The contract as it was signed: version 1."""
    row = db.execute(
        "select body from contract_version where contract_id = %s and version = 1", [contract_id]
    ).fetchone()
    return loaded(ContractVersion, row["body"]) if row else None


def contract_on(db: Connection, contract_id: str, day: date) -> ContractVersion | None:
    """The version in force on a day: the newest that takes effect by then, before all of them version 1."""
    row = db.execute(
        "select body from contract_version where contract_id = %s and coalesce(effective_from, '-infinity') <= %s"
        " order by version desc limit 1",
        [contract_id, day],
    ).fetchone()
    return loaded(ContractVersion, row["body"]) if row else None


def contract_of_engagement(db: Connection, engagement_id: str) -> ContractVersion | None:
    """The newest contract version of an engagement."""
    row = db.execute(
        "select body from contract_version where engagement_id = %s order by version desc limit 1", [engagement_id]
    ).fetchone()
    return loaded(ContractVersion, row["body"]) if row else None


def next_effect(db: Connection, contract_id: str, day: date) -> date | None:
    """The first day after this one on which a version takes effect."""
    row = db.execute(
        "select min(effective_from) as day from contract_version where contract_id = %s and effective_from > %s",
        [contract_id, day],
    ).fetchone()
    return row["day"] if row else None


def changes_of_contract(db: Connection, contract_id: str) -> dict[str, ContractVersion]:
    """The versions change orders made, by the order's id."""
    rows = db.execute(
        "select body from contract_version where contract_id = %s and change_order_id is not null order by version",
        [contract_id],
    ).fetchall()
    versions = [loaded(ContractVersion, row["body"]) for row in rows]
    return {one.change.id: one for one in versions if one.change}


def add_contract_version(db: Connection, contract: ContractVersion) -> None:
    """Store a version; versions are never changed."""
    db.execute(
        "insert into contract_version (contract_id, version, engagement_id, schema_version, body, effective_from,"
        " change_order_id) values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
        [
            contract.id,
            contract.version,
            contract.engagement_id,
            contract.schema_version,
            body_of(contract),
            contract.effective_from,
            contract.change.id if contract.change else None,
        ],
    )
    db.execute(
        "update engagement set legal_entity = %s, currency = %s where id = %s",
        [contract.legal_entity, contract.currency, contract.engagement_id],
    )


# ---- projects ----


def put_project(db: Connection, project: Project) -> None:
    """Store the project as the newest contract version wants it."""
    db.execute(
        "insert into project (id, engagement_id, contract_id, contract_version, legal_entity, currency, code,"
        " schema_version, body) values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (id) do update set"
        " contract_version = excluded.contract_version, schema_version = excluded.schema_version,"
        " body = excluded.body, changed_at = clock_timestamp() where project.body is distinct from excluded.body",
        [
            project.id,
            project.engagement_id,
            project.contract_id,
            project.contract_version,
            project.legal_entity,
            project.currency,
            project.code,
            project.schema_version,
            body_of(project),
        ],
    )


def read_project(db: Connection, project_id: str) -> Project | None:
    """A project as planned."""
    row = db.execute("select body from project where id = %s", [project_id]).fetchone()
    return loaded(Project, row["body"]) if row else None


def projects_of_contract(db: Connection, contract_id: str) -> list[Project]:
    """The projects of a contract."""
    rows = db.execute("select body from project where contract_id = %s order by code", [contract_id]).fetchall()
    return [loaded(Project, row["body"]) for row in rows]


# ---- other records ----


def put_record(db: Connection, kind: str, record: Record, *, engagement_id: str | None = None) -> None:
    """The last known copy of a record; an older version never overwrites a newer one."""
    db.execute(
        "insert into record as r (kind, id, engagement_id, schema_version, body, source_version)"
        " values (%s, %s, %s, %s, %s, %s) on conflict (kind, id) do update set body = excluded.body,"
        " schema_version = excluded.schema_version, source_version = excluded.source_version,"
        " engagement_id = coalesce(excluded.engagement_id, r.engagement_id), changed_at = clock_timestamp()"
        " where r.source_version <= excluded.source_version and r.body is distinct from excluded.body",
        [
            kind,
            record.id,
            engagement_id,
            record.schema_version,
            body_of(record),
            int(getattr(record, "source_version", 0)),
        ],
    )


def read_record(db: Connection, record_type: type[R], kind: str, record_id: str) -> R | None:
    """The last known copy, or None."""
    row = db.execute("select body from record where kind = %s and id = %s", [kind, record_id]).fetchone()
    return loaded(record_type, row["body"]) if row else None


def refer(db: Connection, connection: str, target: str, subject: str, external_id: str) -> None:
    """Remember the vendor's id of a record born outside."""
    db.execute(
        "insert into cross_reference (connection, target, subject, external_id) values (%s, %s, %s, %s)"
        " on conflict do nothing",
        [connection, target, subject, external_id],
    )


def refer_all(db: Connection, connection: str, target: str, external_ids: Mapping[str, str]) -> None:
    """Remember the vendor's ids of many records born outside, by our ids; in one order for all."""
    db.execute(
        "insert into cross_reference (connection, target, subject, external_id)"
        " select %s, %s, n.* from unnest(%s::text[], %s::text[]) n (subject, external_id) order by subject"
        " on conflict do nothing",
        [connection, target, list(external_ids), list(external_ids.values())],
    )
