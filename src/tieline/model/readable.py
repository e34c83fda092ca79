"""Amounts and hours as people read them."""

from decimal import Decimal

from tieline.model.money import rounded

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"


def figure(amount: Decimal | int | None, currency: str | None = None) -> str:
    """`-1,240.50`: grouped, a true minus, all digits of the currency; a count as it is."""
    if amount is None:
        return DASH
    if isinstance(amount, int):
        return f"{amount:,}".replace("-", MINUS)
    exact = rounded(amount, currency) if currency else amount
    return f"{exact:,f}".replace("-", MINUS)


def money(amount: Decimal | None, currency: str | None) -> str:
    """Currency and figure: `EUR 1,240.50`."""
    return DASH if amount is None else f"{currency or ''} {figure(amount, currency)}".strip()


def hours(minutes: Decimal | None, unit: str | None) -> str:
    """A quantity of time in hours; anything else as it is."""
    if minutes is None:
        return DASH
    return figure((minutes / 60).quantize(Decimal("0.01")) if unit == "min" else minutes.normalize())
