"""An operation: how one kind of record is written to one system, and how safe it is to send it again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Generic, Literal, TypeVar

from tieline.model.record import Record

R = TypeVar("R", bound=Record)

Payload = dict[str, Any]
"""The vendor's body as JSON values (exact Decimals); what is sent, stored and hashed."""

Links = Mapping[str, str]
"""Vendor ids of records this one depends on, by the name the flow gave them (`customer`, `project`)."""


class WriteSafety(StrEnum):
    """What resolves an unclear write."""

    NATIVE_KEY = "native_key"
    """The vendor enforces our create key for a stated lifetime."""
    UPSERT = "upsert_by_external_id"
    """The same content may be sent again at once."""
    LOOKUP = "lookup_then_create"
    """Look up by our reference, wait out the quarantine, look up again, then send."""
    NEVER_RETRY = "never_retry"
    """A person decides."""


Support = Literal["supported", "by_substitute", "unsupported", "not_in_use"]
OnVanish = Literal["keep", "ask", "withdraw"]


@dataclass(frozen=True, slots=True)
class Written:
    """A write that happened. `replayed`: the answer came from a known key, so it proves existence, not content."""

    external_id: str
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """A long vendor job: poll `handle` after `check_in`."""

    handle: str
    check_in: timedelta


@dataclass(frozen=True, slots=True)
class Found:
    """A record in the vendor that may be ours; `label` is what a person calls it there."""

    external_id: str
    label: str


Answer = Written | Accepted


@dataclass(frozen=True, kw_only=True)
class Operation(Generic[R]):
    """One kind of record in one system. All callables but `render` do I/O and raise the three errors.

    `render` is pure and raises `MappingFailed` or `Rejected`. `find` looks a payload up by our reference only;
    `candidates` finds records a person may have made before us (same name or tax id), asked once before a first create.
    `quarantine` is longer than the vendor's longest request life.
    """

    connection: str
    system: str
    """The vendor's name for people: `NetSuite`."""
    target: str
    """What is written, the effect's identity: `customer`, `project`, `project.financials`."""
    render: Callable[[R, Links], Payload]
    create: Callable[[Payload, str], Answer]
    """(payload, create key)"""
    update: Callable[[str, Payload], Answer] | None = None
    """(vendor id, payload); None when the vendor cannot change it: a change is then a new record."""
    find: Callable[[Payload], Sequence[Found]] | None = None
    candidates: Callable[[Payload], Sequence[Found]] | None = None
    poll: Callable[[str], Answer] | None = None
    withdraw: Callable[[str], None] | None = None
    """Close or cancel in the target, never delete."""
    take_up: Callable[[str], None] | None = None
    """Open what `withdraw` closed, where an update alone would leave it closed; twice leaves it open."""
    read_back: Callable[[str], Payload] | None = None
    """The fields `render` writes, as the vendor stores them (drift); raises Rejected kind master_data when gone."""
    creates: WriteSafety = WriteSafety.LOOKUP
    updates: WriteSafety = WriteSafety.UPSERT
    quarantine: timedelta = timedelta(minutes=5)
    support: Support = "supported"
    on_vanish: OnVanish = "keep"
    at_once: int = 4
    """How many records of one list may be sent side by side."""


def kept_in_tieline(connection: str, system: str, target: str, support: Support) -> Operation[R]:
    """An operation its vendor cannot hold (`unsupported`), or of a role the firm does not have (`not_in_use`)."""

    def refuse(payload: Payload, key: str) -> Answer:
        raise AssertionError(f"{target} is {support} in {connection}; the engine never sends it")

    def nothing(record: R, links: Links) -> Payload:
        return {}

    return Operation(
        connection=connection,
        system=system,
        target=target,
        render=nothing,
        create=refuse,
        support=support,
    )
