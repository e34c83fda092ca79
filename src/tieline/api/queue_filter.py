"""The filter of the exception queue as a program states it."""

from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Query

from tieline.api.errors import ApiError
from tieline.api.parts import OnDesk
from tieline.exception_queue.filter import Filter, Show, Sla
from tieline.sdk.errors import ExceptionKind

Name = Annotated[str | None, Query(max_length=200)]


def _wanted(
    desk: OnDesk,
    kind: Annotated[ExceptionKind | None, Query(description="Only those of this kind.")] = None,
    connection: Name = None,
    owner: Annotated[str | None, Query(max_length=200, description="A team, or the e-mail of a person.")] = None,
    legal_entity: Name = None,
    engagement: Annotated[
        str | None, Query(max_length=200, description="Id of an engagement whose work waits.")
    ] = None,
    older_than_hours: Annotated[float | None, Query(ge=0, le=1e6, description="Opened longer ago than this.")] = None,
    sla: Annotated[Sla | None, Query(description="`at_risk` or `broken`.")] = None,
    show: Annotated[
        Show, Query(description="`open` (not postponed), `postponed`, `write_off` (to be confirmed) or `all`.")
    ] = "open",
) -> Filter:
    if owner is not None and owner not in desk.site.queue_owners:
        raise ApiError(422, f"There is no team or person '{owner}' here", "Leave `owner` out to see all.")
    return Filter(
        kind=kind,
        connection=_clean(connection),
        owner=owner,
        legal_entity=_clean(legal_entity),
        engagement=_clean(engagement),
        older_than=timedelta(hours=older_than_hours) if older_than_hours is not None else None,
        sla=sla,
        show=show,
    )


def _clean(text: str | None) -> str | None:
    """An address may hold a NUL, which no name has."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}") if text else None


Wanted = Annotated[Filter, Depends(_wanted)]
"""What is left out fits all."""
