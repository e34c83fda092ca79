"""Records other releases stored: those of an older one are read, and those of a newer one while both are at work."""

import json
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tieline.model.contract import ContractVersion
from tieline.model.customer import Customer
from tieline.model.opportunity import Opportunity
from tieline.model.project import Project
from tieline.model.record import Record
from tieline.store.canonical import loaded, newest_contract, open_engagement, read_project, read_record
from tieline.store.database import Connection, connect

OLD: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "stored/release_0_1_0.json").read_text("utf-8"))
TYPES: dict[str, type[Record]] = {
    "contract_version": ContractVersion,
    "project": Project,
    "customer": Customer,
    "opportunity": Opportunity,
}


@pytest.mark.parametrize("kind", TYPES)
def test_what_release_0_1_0_stored_means_the_same_today(kind: str) -> None:
    today = loaded(TYPES[kind], OLD[kind]).model_dump(mode="json")
    assert _known_to(OLD[kind], today) == OLD[kind]


def _known_to(old: Any, new: Any) -> Any:
    """What an older release knows of a stored value, its parts included."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {name: _known_to(value, new[name]) for name, value in old.items()}
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [_known_to(*pair) for pair in zip(old, new, strict=True)]
    return new


def test_rows_of_release_0_1_0_are_read_from_the_database(database: str) -> None:
    contract, project, customer = OLD["contract_version"], OLD["project"], OLD["customer"]
    with connect(database) as db:
        open_engagement(db, contract["engagement_id"], contract["opportunity_id"], "Old", customer["id"], "Old")
        _store(db, contract, project, customer)
        found, planned = newest_contract(db, contract["id"]), read_project(db, project["id"])
        buyer = read_record(db, Customer, "customer", customer["id"])
    assert found is not None
    assert planned is not None
    assert buyer is not None
    assert (str(found.value.amount), found.value.currency) == (contract["value"]["amount"], "USD")
    assert (planned.code, buyer.name) == (project["code"], customer["name"])


@pytest.mark.parametrize("kind", TYPES)
def test_a_field_of_a_newer_release_does_not_stop_this_one(kind: str) -> None:
    body = OLD[kind] | {"of_a_newer_release": {"a": [1]}}
    assert loaded(TYPES[kind], body) == loaded(TYPES[kind], OLD[kind])


def test_a_part_of_a_record_may_be_newer_as_well() -> None:
    body = OLD["contract_version"] | {"value": OLD["contract_version"]["value"] | {"of_a_newer_release": 1}}
    with pytest.raises(ValueError, match="of_a_newer_release"):
        ContractVersion.model_validate(body)
    assert loaded(ContractVersion, body) == loaded(ContractVersion, OLD["contract_version"])


def _store(db: Connection, contract: dict[str, Any], project: dict[str, Any], customer: dict[str, Any]) -> None:
    engagement = contract["engagement_id"]
    db.execute(
        "insert into contract_version (contract_id, version, engagement_id, schema_version, body)"
        " values (%s, %s, %s, 1, %s)",
        [contract["id"], contract["version"], engagement, Jsonb(contract)],
    )
    db.execute(
        "insert into project (id, engagement_id, contract_id, contract_version, legal_entity, currency, code,"
        " schema_version, body) values (%s, %s, %s, %s, %s, %s, %s, 1, %s)",
        [
            *(project["id"], engagement, contract["id"], project["contract_version"]),
            *(project["legal_entity"], project["currency"], project["code"], Jsonb(project)),
        ],
    )
    db.execute(
        "insert into record (kind, id, engagement_id, schema_version, body, source_version)"
        " values ('customer', %s, %s, 1, %s, 0)",
        [customer["id"], engagement, Jsonb(customer)],
    )
