"""The facts a page of lines is priced and checked with, read in the page's own transaction: a few set-based queries."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from tieline.billing.pricing import PersonTerms, Terms
from tieline.lane.pricing import Pricing
from tieline.model.contract import ContractVersion
from tieline.store.canonical import loaded
from tieline.store.database import Connection


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """A project the source's reference stands for."""

    versions: tuple[tuple[date, Terms], ...]
    """The terms of each contract version and the day from which they count, the newest version first."""
    engagement_id: str
    closed: bool
    erp: str | None
    """The ERP connection the project is booked in."""
    in_erp: bool

    @property
    def terms(self) -> Terms:
        """What is agreed by now; what never differs between versions may be asked here."""
        return self.versions[0][1]

    def terms_on(self, day: date) -> Terms:
        """The terms work of a day is billed by: the newest version that had taken effect, before all the first."""
        for since, terms in self.versions:
            if since <= day:
                return terms
        return self.versions[-1][1]


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """A person the source's reference stands for, and the ERPs that know the person."""

    terms: PersonTerms
    erps: frozenset[str]


@dataclass(frozen=True, slots=True)
class Reference:
    """By the source's own references; what is missing here is not linked."""

    connection: str
    system: str
    pricing: Pricing
    projects: dict[str, ProjectFacts]
    people: dict[str, PersonFacts]


_PROJECTS = """
select r.external_id as ref, p.id, p.code, p.legal_entity, p.currency, p.contract_id, p.engagement_id,
  e.closed_at is not null or d.state is not null as closed, a.connection as erp, x.external_id is not null as in_erp,
  (select jsonb_agg(jsonb_build_array(v.version, v.effective_from) order by v.version desc)
    from contract_version v where v.contract_id = p.contract_id) as versions
from cross_reference r join project p on p.id = r.subject join engagement e on e.id = p.engagement_id
  left join engagement_close d on d.engagement_id = e.id and d.state = 'closed'
  left join route a on a.record_id = p.id and a.role = 'erp'
  left join cross_reference x on x.connection = a.connection and x.target = 'project' and x.subject = p.id
where r.connection = %(connection)s and r.target = 'project' and r.external_id = any (%(refs)s)
"""
_CONTRACTS = """
select v.contract_id, v.version, v.body from contract_version v
join unnest(%(contracts)s::text[], %(versions)s::int[]) w (contract_id, version) using (contract_id, version)
"""
_PEOPLE = """
select r.external_id as ref, r.subject as email,
  array(select x.connection from cross_reference x where x.target = 'person' and x.subject = r.subject
    and x.connection = any (%(erps)s)) as erps
from cross_reference r
where r.connection = %(connection)s and r.target = 'person' and r.external_id = any (%(refs)s)
"""


def load_reference(
    db: Connection,
    pricing: Pricing,
    connection: str,
    system: str,
    project_refs: Collection[str],
    person_refs: Collection[str],
) -> Reference:
    """Facts about these projects and people of a source."""
    projects = db.execute(_PROJECTS, {"connection": connection, "refs": list(project_refs)}).fetchall()
    people = db.execute(
        _PEOPLE, {"connection": connection, "refs": list(person_refs), "erps": list(pricing.batch_sizes)}
    ).fetchall()
    terms = _terms(db, pricing, [row for row in projects if row["versions"] is not None])
    return Reference(
        connection=connection,
        system=system,
        pricing=pricing,
        projects={
            row["ref"]: ProjectFacts(terms[row["id"]], row["engagement_id"], row["closed"], row["erp"], row["in_erp"])
            for row in projects
            if row["id"] in terms
        },
        people={row["ref"]: PersonFacts(pricing.person(row["email"]), frozenset(row["erps"])) for row in people},
    )


def _terms(
    db: Connection, pricing: Pricing, projects: list[dict[str, Any]]
) -> dict[str, tuple[tuple[date, Terms], ...]]:
    known: dict[tuple[str, int], Terms] = {}
    unknown: list[tuple[dict[str, Any], int]] = []
    for row in projects:
        for version, _ in row["versions"]:
            terms = pricing.known_terms(row["id"], row["contract_id"], version)
            if terms is None:
                unknown.append((row, version))
            else:
                known[row["id"], version] = terms
    known |= _new_terms(db, pricing, unknown) if unknown else {}
    return {
        row["id"]: tuple(
            (date.fromisoformat(since) if since else date.min, known[row["id"], version])
            for version, since in row["versions"]
        )
        for row in projects
    }


def _new_terms(
    db: Connection, pricing: Pricing, unknown: list[tuple[dict[str, Any], int]]
) -> dict[tuple[str, int], Terms]:
    asked = {"contracts": [row["contract_id"] for row, _ in unknown], "versions": [version for _, version in unknown]}
    rows = db.execute(_CONTRACTS, asked).fetchall()
    contracts = {(row["contract_id"], row["version"]): loaded(ContractVersion, row["body"]) for row in rows}
    return {
        (row["id"], version): pricing.add_terms(
            row["id"], row["code"], row["legal_entity"], row["currency"], contracts[row["contract_id"], version]
        )
        for row, version in unknown
    }


_FORGET = """
delete from cross_reference r using unnest(%(emails)s::text[], %(refs)s::text[]) p (email, ref)
where r.connection = %(connection)s and r.target = 'person' and r.external_id = p.ref and r.subject <> p.email
"""
_REMEMBER = """
insert into cross_reference as r (connection, target, subject, external_id)
select %(connection)s, 'person', email, ref from unnest(%(emails)s::text[], %(refs)s::text[]) p (email, ref)
on conflict (connection, target, subject) do update set external_id = excluded.external_id
where r.external_id <> excluded.external_id
"""


def remember_people(db: Connection, connection: str, by_email: dict[str, str]) -> None:
    """Which vendor id each person has in a connection; people share their e-mail between systems.

    Of two people with one vendor id the last counts. Call inside a transaction.
    """
    by_ref = {ref: email.strip().lower() for email, ref in by_email.items() if ref and email.strip()}
    refs = {email: ref for ref, email in by_ref.items()}
    values = {"connection": connection, "emails": list(refs), "refs": list(refs.values())}
    db.execute(_FORGET, values)
    db.execute(_REMEMBER, values)
