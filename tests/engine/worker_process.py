"""A worker as a process of its own, for tests that kill it: `python -m tests.engine.worker_process CONNINFO URL`."""

import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from tests.engine.ledger_vendor import Thing
from tieline.engine.controls import Controls
from tieline.engine.flow import FlowEngine
from tieline.engine.run import Run
from tieline.engine.worker import Ticker, run_worker
from tieline.model.record import Record
from tieline.sdk.http import OpenGate, VendorHttp
from tieline.sdk.operation import Found, Links, Operation, Payload, WriteSafety, Written
from tieline.store.database import Database


class NoSignIn:
    def headers(self, method: str, url: str) -> Mapping[str, str]:
        return {}

    def renew(self, refused: Mapping[str, str]) -> bool:
        return False


def operation(http: VendorHttp, target: str) -> Operation[Any]:
    """Things of a vendor that has no keys of ours: looked up by reference before they are created again."""

    def render(record: Record, links: Links) -> Payload:
        return {"ref": f"{target}:{record.id}", **record.model_dump(mode="json"), **links}

    def create(payload: Payload, key: str) -> Written:
        return Written(http.request("POST", "/things", write=True, json=payload).json()["id"])

    def update(external_id: str, payload: Payload) -> Written:
        http.request("PATCH", f"/things/{external_id}", write=True, json=payload)
        return Written(external_id)

    def find(payload: Payload) -> Sequence[Found]:
        return [Found(one, one) for one in http.get("/things", params={"ref": payload["ref"]}).json()]

    return Operation(
        connection="erp",
        system="ERP",
        target=target,
        render=render,
        create=create,
        update=update,
        find=find,
        creates=WriteSafety.LOOKUP,
        quarantine=timedelta(seconds=1),
    )


def main(conninfo: str, url: str) -> None:
    http = VendorHttp(
        connection="erp", base_url=url, authorizer=NoSignIn(), refusal=lambda answer: None, gate=OpenGate()
    )

    def flow(run: Run, key: str, systems: Any) -> None:
        parent = run.ensure("Parent", operation(http, "parent"), Thing(id=key, name="O'Brien 🚀"))
        child = run.ensure("Child", operation(http, "child"), Thing(id=key, name="C"), parent=parent)
        run.ensure("Last", operation(http, "last"), Thing(id=key, name="L"), child=child)

    database = Database(conninfo, size=8)
    engine = FlowEngine(
        database=database,
        flows={"f": flow},
        systems=lambda db: None,
        controls=Controls(),
        site_uid="test",
        app_version="test",
    )
    Ticker(database, {}).start()
    run_worker(conninfo, engine, threads=4, stopped=threading.Event())


if __name__ == "__main__":
    main(*sys.argv[1:])
