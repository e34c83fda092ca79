"""A vendor in memory with an append-only ledger and scripted ends of calls, for tests of the engine alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tieline.model.record import Record
from tieline.sdk.errors import Rejected, Unavailable, Unclear
from tieline.sdk.operation import Answer, Found, Links, Operation, Payload, WriteSafety, Written


class Thing(Record):
    """A record of these tests."""

    name: str
    amount: int = 0
    legal_entity: str | None = None
    source_version: int | None = None


@dataclass
class LedgerVendor:
    """Objects by id, a ledger of committed writes, and a script: what the next calls end like."""

    name: str = "erp"
    objects: dict[str, Payload] = field(default_factory=dict)
    ledger: list[tuple[str, str, Payload]] = field(default_factory=list)
    script: list[str] = field(default_factory=list)
    """`ok`, `refuse`, `busy`, `drop_before`, `drop_after`; empty means ok."""
    keys: dict[str, str] = field(default_factory=dict)
    before_call: Callable[[], None] | None = None

    def operation(
        self, target: str = "thing", creates: WriteSafety = WriteSafety.UPSERT, quarantine: float = 0.2, **more: Any
    ) -> Operation[Any]:
        return Operation(
            connection=self.name,
            system=self.name.upper(),
            target=target,
            render=self._render,
            create=lambda payload, key: self._create(creates, payload, key),
            update=self._update,
            find=self._find,
            creates=creates,
            quarantine=timedelta(seconds=quarantine),
            **more,
        )

    def creates(self) -> int:
        return sum(1 for kind, _, _ in self.ledger if kind == "create")

    def _render(self, record: Record, links: Links) -> Payload:
        content = record.model_dump(mode="json", exclude={"source_version"})
        return {"ref": record.subject, **content, **links}

    def _end(self) -> str:
        if self.before_call is not None:
            self.before_call()
        end = self.script.pop(0) if self.script else "ok"
        if end == "refuse":
            raise Rejected(self.name, "The amount is too large", field="amount", key="too-large", owner="finance")
        if end == "busy":
            raise Unavailable(self.name, "asked us to slow down", timedelta(seconds=0.05))
        if end == "drop_before":
            raise Unclear(self.name, "the call broke off")
        return end

    def _create(self, creates: WriteSafety, payload: Payload, key: str) -> Answer:
        end = self._end()
        known = self._find(payload)
        if creates is WriteSafety.NATIVE_KEY and key in self.keys:
            return Written(self.keys[key], replayed=True)
        if creates is WriteSafety.UPSERT and known:
            external_id = known[0].external_id
        else:
            external_id = f"{self.name}-{len(self.objects) + 1}"
        self.ledger.append(("create" if external_id not in self.objects else "update", external_id, payload))
        self.objects[external_id] = payload
        self.keys[key] = external_id
        if end == "drop_after":
            raise Unclear(self.name, "the call broke off")
        return Written(external_id)

    def _update(self, external_id: str, payload: Payload) -> Answer:
        end = self._end()
        self.ledger.append(("update", external_id, payload))
        self.objects[external_id] = payload
        if end == "drop_after":
            raise Unclear(self.name, "the call broke off")
        return Written(external_id)

    def _find(self, payload: Payload) -> Sequence[Found]:
        return [Found(key, key) for key, value in self.objects.items() if value["ref"] == payload["ref"]]
