"""Key figures for reading: each with its groups, a chart, and what has changed since the newest baseline."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tieline.insights.baseline import Change, change_of, known_before
from tieline.insights.definition import Definition
from tieline.insights.figure import By, Figure, Into, Scope, Setting, converted, read_figures, together
from tieline.store.database import Connection

MONTHS = 24
"""Shown in a chart at most."""
MOST = 200
"""Groups shown at most."""


@dataclass(frozen=True, kw_only=True)
class Series:
    """The table behind a chart: a row per label, a column per currency; None where nothing is known."""

    columns: tuple[str | None, ...]
    rows: tuple[tuple[str, tuple[Decimal | None, ...]], ...]


@dataclass(frozen=True, kw_only=True)
class ShownFigure:
    """One key figure: the whole per currency, and its groups."""

    definition: Definition
    by: By
    whole: tuple[Figure, ...]
    changes: tuple[Change | None, ...]
    """One for each of the whole."""
    groups: tuple[Figure, ...]
    """The largest first, months in their order; at most MOST."""
    group_changes: tuple[Change | None, ...]
    more: int
    """Groups left out."""
    series: Series


def natural(definition: Definition) -> By:
    """How a figure is best looked at: by its parts where it has some, else by month."""
    return "part" if definition.parts else "month"


def read_shown(
    db: Connection,
    definitions: Sequence[Definition],
    scope: Scope,
    setting: Setting,
    by: By | None = None,
    into: Into | None = None,
) -> list[ShownFigure]:
    """Some key figures, each read once; `by` None takes what is natural for each. Raises NoRate."""
    before = known_before(db, [one.id for one in definitions])
    shown = []
    for one in definitions:
        grouping = by or natural(one)
        groups = read_figures(db, one, scope, setting, grouping)
        groups = converted(one, groups, into) if into else groups
        whole = together(one, groups)
        ordered = groups if grouping in ("month", "part") else sorted(groups, key=_largest_first)
        kept = ordered[-MOST:] if grouping == "month" else ordered[:MOST]
        shown.append(
            ShownFigure(
                definition=one,
                by=grouping,
                whole=tuple(whole),
                changes=tuple(change_of(before, one, scope, None, figure) for figure in whole),
                groups=tuple(kept),
                group_changes=tuple(change_of(before, one, scope, grouping, figure) for figure in kept),
                more=len(ordered) - len(kept),
                series=series_of(kept[-MONTHS:] if grouping == "month" else kept[:MONTHS]),
            )
        )
    return shown


def _largest_first(figure: Figure) -> tuple[str, Decimal]:
    return (figure.currency or "", -abs(figure.denominator or figure.numerator))


def series_of(figures: Sequence[Figure]) -> Series:
    """Figures as columns of their currencies."""
    columns = tuple(sorted({one.currency for one in figures}, key=lambda name: name or ""))
    found: dict[str, dict[str | None, Decimal | None]] = {}
    for one in figures:
        found.setdefault(one.name or one.key or "not attributed", {})[one.currency] = one.value
    rows = ((label, tuple(values.get(name) for name in columns)) for label, values in found.items())
    return Series(columns=columns, rows=tuple(rows))
