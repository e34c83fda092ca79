"""Figures, moments and states as people read them: the filters of the templates."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from markupsafe import Markup, escape

from tieline.app.views.exceptions import ExceptionRow
from tieline.model.readable import DASH, figure, money

LONGEST = 240

STATES: dict[str, tuple[str, str]] = {
    # word of the books -> (class of the mark, word for people)
    "ok": ("", "on course"),
    "trouble": ("warn", "needs a person"),
    "confirmed": ("", "confirmed"),
    "done": ("", "done"),
    "approved": ("", "approved"),
    "declined": ("off", "declined"),
    "asked": ("wait", "waits for a decision"),
    "asks": ("wait", "asks"),
    "void": ("off", "void"),
    "refused": ("bad", "refused"),
    "rejected": ("bad", "refused"),
    "unclear": ("odd", "unclear"),
    "in_doubt": ("odd", "unclear"),
    "intended": ("odd", "being sent"),
    "drifted": ("wait", "differs"),
    "refused_for_now": ("wait", "tried again"),
    "tried again": ("wait", "tried again"),
    "accepted": ("run", "being worked on"),
    "waits": ("wait", "waits"),
    "paid": ("", "paid"),
    "invoiced": ("", "invoiced"),
    "posted": ("", "posted"),
    "in_flight": ("run", "on its way"),
    "held": ("wait", "held"),
    "in_exception": ("warn", "in exception"),
    "opening": ("off", "before the start"),
    "written_off": ("off", "written off"),
    "proposed": ("run", "being drafted"),
    "draft": ("wait", "draft"),
    "open": ("wait", "open"),
    "partly_paid": ("wait", "partly paid"),
    "withdrawn": ("off", "withdrawn"),
    "released": ("wait", "to be made anew"),
    "running": ("run", "running"),
    "stopped": ("off", "stopped"),
    "green": ("", "green"),
    "amber": ("warn", "amber"),
    "red": ("bad", "red"),
    "unknown": ("off", "no data"),
    "healthy": ("", "healthy"),
    "failing": ("warn", "feed fails"),
    "down": ("bad", "does not answer"),
    "paused": ("paused", "paused"),
    "slow": ("warn", "slowed down"),
    "release": ("run", "draft waits for release"),
    "ready": ("", "ready"),
    "partly": ("warn", "ready in part"),
    "held_back": ("warn", "held back"),
    "this_month": ("still", "month is running"),
    "blocked": ("warn", "needs a person"),
    "retrying": ("wait", "tried again"),
    "new": ("run", "on its way"),
}
WAITING = {"engagement": ("wait", "goes on by itself"), "line": ("wait", "waiting")}

ACTIONS = {
    "exception.retried": "tried it again",
    "exception.linked": "linked it with",
    "exception.created_anew": "had it created anew",
    "exception.ignored": "left it to its system:",
    "exception.assigned": "gave it to",
    "exception.commented": "said:",
    "exception.fixed": "added the code",
    "exception.edited": "corrected:",
    "exception.override_void": "let a correction go:",
    "exception.postponed": "postponed it until",
    "exception.taken_up": "took it up again",
    "exception.write_off_proposed": "proposed to write it off:",
    "exception.write_off_withdrawn": "withdrew the proposal to write it off",
    "exception.written_off": "wrote off",
    "match.same": "said that they are one:",
    "match.different": "said that they are two:",
    "match.parted": "made them two again:",
}
METHODS = {
    "time_and_materials": "Time and materials",
    "fixed_price": "Fixed price",
    "milestone": "By milestones",
    "retainer": "Retainer",
}
ROLE_NAMES = {"crm": "CRM", "psa": "PSA", "erp": "ERP"}


def short(amount: Decimal | None) -> str:
    """`89.4 k`, `6.85 m`: for the end of a line in a chart."""
    if amount is None:
        return DASH
    for size, word, digits in ((Decimal(1_000_000), "m", "0.01"), (Decimal(1_000), "k", "0.1")):
        if abs(amount) >= size:
            return f"{figure((amount / size).quantize(Decimal(digits)))} {word}"
    return figure(amount.quantize(Decimal(1)))


def moneys(pairs: Iterable[tuple[str, Decimal]]) -> str:
    """Amounts of several currencies in a sentence; never summed."""
    told = [money(amount, currency) for currency, amount in pairs]
    return " and ".join(told) if len(told) < 3 else ", ".join(told[:-1]) + f" and {told[-1]}"


def many(count: int, one: str, more: str | None = None) -> str:
    """`1 entry`, `47 entries`."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def day(value: date | None, now: datetime | None = None) -> str:
    """`18 Dec 2026`; with `now`, its year only when it is another one."""
    if value is None:
        return DASH
    return f"{value.day} {value:%b}" if now is not None and value.year == now.year else f"{value.day} {value:%b %Y}"


def moment(value: datetime | None, now: datetime | None = None) -> Markup:
    """A moment; the script turns it into the reader's own time zone."""
    if value is None:
        return escape(DASH)
    at, today = value.astimezone(UTC), (now or datetime.now(UTC)).date()
    if at.date() == today:
        text = f"today {at:%H:%M}"
    elif at.year == today.year:
        text = f"{at.day} {at:%b %H:%M}"
    else:
        text = f"{at.day} {at:%b %Y}"
    return Markup('<time datetime="{}" data-moment>{}</time>').format(at.isoformat(timespec="seconds"), text)


def ago(value: datetime | None, now: datetime | None = None) -> str:
    """`4 h`: how long it is since."""
    if value is None:
        return DASH
    seconds = max(0, int(((now or datetime.now(UTC)) - value).total_seconds()))
    for size, word in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {word}"
    return f"{seconds} s"


SLA_CLASS = {"on_time": "", "at_risk": "warn", "broken": "bad"}


def due(row: ExceptionRow, now: datetime | None = None) -> Markup:
    """`due in 3 h`, `2 d late`: a mark of the deadline of an exception."""
    moment = now or datetime.now(UTC)
    late = row.due_at <= moment
    text = f"{ago(row.due_at, moment)} late" if late else f"due in {ago(moment, row.due_at)}"
    return Markup('<span class="state due {}">{}</span>').format(SLA_CLASS[row.sla], text)


def held_value(value: str | bool | None) -> str:
    """A field's value in a difference."""
    return "empty" if value is None else cut(value, 120) if isinstance(value, str) else "yes" if value else "no"


def age_class(value: datetime, now: datetime | None = None) -> str:
    """How urgent something is that waits since then: after a day, after three."""
    days = ((now or datetime.now(UTC)) - value).total_seconds() / 86_400
    return "bad" if days >= 3 else "warn" if days >= 1 else ""


def cut(text: object, length: int = LONGEST) -> str:
    """A text short enough for its place."""
    whole = "" if text is None else str(text)
    return whole if len(whole) <= length else whole[: length - 1] + "…"


def short_id(text: str) -> str:
    """A vendor's id as people recognise it: `0068d…Q4xX`."""
    return text if len(text) <= 12 else f"{text[:5]}…{text[-4:]}"


def state(word: str, about: str = "engagement") -> Markup:
    """A mark: icon and word."""
    kind, text = WAITING[about] if word == "waiting" else STATES.get(word, ("off", cut(word, 40)))
    if about == "line":
        text = text[:1].upper() + text[1:]
    return Markup('<span class="state {}">{}</span>').format(kind, text)


def ticks(values: Iterable[float]) -> str:
    """The points of a line of figures in a box 22 high, ten apart; the highest figure reaches the top."""
    heights = list(values)
    highest = max(heights, default=0.0) or 1.0
    return " ".join(f"{number * 10},{21 - height * 20 / highest:.1f}" for number, height in enumerate(heights))


def content_rows(content: dict[str, Any]) -> list[tuple[str, str]]:
    """A record as rows of name and text, for reading what exactly is approved: single values first, then lists."""
    single = [(key, item) for key, item in content.items() if not isinstance(item, list)]
    lists = [(key, item) for key, item in content.items() if isinstance(item, list)]
    rows = [(_name(key), text) for key, item in sorted(single) if (text := _told(item))]
    for key, items in sorted(lists):
        if all(not isinstance(item, dict | list) for item in items):
            rows += [(_name(key), "; ".join(map(_told, items)))] if items else []
        else:
            rows += [(f"{_name(key)} {number}", _told(item)) for number, item in enumerate(items, 1)]
    return rows


def _told(value: Any) -> str:
    match value:
        case {"amount": amount, "currency": currency} if len(value) == 2:
            return money(Decimal(str(amount)), str(currency))
        case dict():
            parts = [f"{key.replace('_', ' ')} {text}" for key, item in sorted(value.items()) if (text := _told(item))]
            return " · ".join(parts)
        case list():
            return "; ".join(map(_told, value))
        case None | "":
            return ""
        case bool():
            return "yes" if value else "no"
    return cut(value, 2000)


def _name(key: str) -> str:
    return cut(key[:1].upper() + key[1:].replace("_", " "), 100)
