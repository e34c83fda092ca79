"""The result of the demo fits its published schema, and the schema refuses what does not."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from psycopg.types.json import Jsonb

from tieline.demo.report import result
from tieline.demo.story import Check
from tieline.engine.audit import audit
from tieline.model.ids import derived
from tieline.sdk import jsontext
from tieline.store.database import Connection, Database

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs/demo-result.schema.json").read_text("utf-8"))
ENGAGEMENT = derived("engagement", "a deal")


def _thread(db: Connection) -> None:
    db.execute(
        "insert into engagement (id, name, customer_id, customer_name) values (%s, 'Platform', 'cus_1', 'Northlight')",
        [ENGAGEMENT],
    )
    for number in (1, 2):
        db.execute(
            "insert into effect (connection, target, subject, engagement, flow, key, label, state, epoch, create_key,"
            " content_hash, content, external_id) values ('netsuite', 'wbs_element', %s, %s, 'f', 'k', 'Tasks in ERP',"
            " 'confirmed', 1, %s, '\\x00', %s, %s)",
            [f"wbs_{number}", ENGAGEMENT, f"key{number}", Jsonb({}), f"70{number}"],
        )
    detail = {"label": "Tasks in ERP", "external_id": "701"}
    audit(db, "effect.confirmed", engagement=ENGAGEMENT, object_="netsuite:wbs_element:wbs_1", detail=detail)
    audit(db, "contract.activated", engagement=ENGAGEMENT, object_="con_1", detail={"label": "Contract active"})


def _result(conninfo: str, engagement: str | None) -> Any:
    database = Database(conninfo, size=2)
    try:
        with database.transaction() as db:
            if engagement:
                _thread(db)
            found = result(db, engagement, [Check("ERP holds the approved hours", True, "75", "75")])
    finally:
        database.close()
    return json.loads(jsontext.dumps(found))


def _validate(value: Any) -> None:
    jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(value)


def test_a_result_with_records_and_a_timeline_fits_the_schema(database: str) -> None:
    found = _result(database, ENGAGEMENT)
    _validate(found)
    assert found["systems"] == {"netsuite": {"wbs_element": "701", "wbs_element 2": "702"}}
    assert [line["connection"] for line in found["timeline"]] == ["netsuite", None]


def test_a_result_of_a_thread_that_never_began_fits_the_schema(database: str) -> None:
    found = _result(database, None)
    _validate(found)
    assert found["engagement"] is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda found: found.pop("checks"),
        lambda found: found.update(engagement="42"),
        lambda found: found["timeline"][0].pop("vendor_id"),
        lambda found: found["checks"][0].update(ok="yes"),
        lambda found: found["systems"].update(netsuite={"customer": 7}),
    ],
)
def test_what_is_not_as_the_schema_says_is_refused(spoil: Any) -> None:
    good = {
        "engagement": ENGAGEMENT,
        "systems": {"netsuite": {"customer": "7"}},
        "timeline": [
            {
                "at": "2026-11-21T10:00:00+00:00",
                "step": "Customer in ERP",
                "connection": "netsuite",
                "outcome": "confirmed",
                "vendor_id": "7",
            }
        ],
        "checks": [{"name": "Paid", "ok": True, "expected": "0", "found": "0"}],
    }
    _validate(good)
    bad = deepcopy(good)
    spoil(bad)
    with pytest.raises(jsonschema.ValidationError):
        _validate(bad)


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
