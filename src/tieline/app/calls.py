"""Calls a day: about how many a connection needs, beside what its vendor account allows."""

from tieline.app.site import IntakeTable, Site, VolumeTable
from tieline.sdk.connector import Calls, ConnectorFacts, Finding, Limits

DAY = 86_400
SUBJECT = "calls a day"


def sweeps(calls: Calls, intake: IntakeTable) -> int:
    """Calls of a day on which nothing happens."""
    every = {"time": intake.time_seconds, "expenses": intake.time_seconds}
    return round(sum(count * DAY / every.get(feed, intake.sweep_seconds) for feed, count in calls.sweep.items()))


def work(calls: Calls, volume: VolumeTable) -> int:
    """Calls for what the firm does on a day."""
    lines = -(-calls.hundred_lines * volume.lines_per_day // 100)
    return calls.engagement * volume.engagements_per_day + calls.project * volume.projects_per_day + lines


def estimate(site: Site, name: str, facts: ConnectorFacts, allowance: int | None) -> Finding:
    """Whether the estimate fits into the allowance: what the account itself told, else what is stated.

    An account without a daily allowance is judged by its calls a second.
    """
    limits, volume = site.limits.get(name) or facts.limits, site.volume
    quiet, busy = sweeps(facts.calls, site.intake), work(facts.calls, volume)
    told = (
        f"about {quiet + busy:,}: {quiet:,} by sweeps, {busy:,} for {volume.engagements_per_day:,} engagements,"
        f" {volume.projects_per_day:,} projects and {volume.lines_per_day:,} lines; "
    )
    fits, allowed = _allowed(quiet + busy, limits, allowance or limits.per_day)
    mend = "" if fits else "; sweep less often ([intake] in site.toml), or have the allowance raised"
    return Finding(fits, f"{name}, {SUBJECT}", told + allowed + mend)


def _allowed(needed: int, limits: Limits, per_day: int | None) -> tuple[bool, str]:
    ours = 1 - limits.reserved_share
    left = f"{ours:.0%} of it for Tieline"
    if per_day is not None:
        return needed <= per_day * ours, f"allowed are {per_day:,} a day, {left}"
    words = f"no daily allowance; {needed / DAY:.1f} a second on average, allowed are {limits.per_second:g}, {left}"
    return needed / DAY <= limits.per_second * ours, words
