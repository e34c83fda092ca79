"""Billing terms a deal or a change order brings itself, as text: laid over those that hold otherwise."""

import tomllib
from decimal import Decimal
from typing import Any, get_args

from pydantic import ValidationError

from tieline.model.billing_terms import BillingTerms, Part

MOST_CHARACTERS = 32_000
_PARTS: tuple[str, ...] = get_args(Part)


class BadTerms(ValueError):
    """The text cannot be used; carries every reason, each with the field it is about."""

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(reasons))


def with_own_terms(otherwise: BillingTerms, text: str | None, currency: str | None) -> BillingTerms:
    """The terms with each part the text names put in its place; without a text those that hold otherwise.

    Amounts are in the given currency unless the text says another. Raises BadTerms.
    """
    if not text or not text.strip():
        return otherwise
    own = _read(text)
    usual = otherwise.model_dump(mode="python", exclude_unset=True)
    if otherwise.currency is None and currency:
        usual["currency"] = currency
    try:
        return BillingTerms.model_validate(usual | own)
    except ValidationError as error:
        raise BadTerms([_reason(item) for item in error.errors()]) from error


def parts_that_differ(before: BillingTerms, after: BillingTerms) -> list[str]:
    """The names of the parts in which two differ."""
    return [name for name in _PARTS if getattr(before, name) != getattr(after, name)]


def _read(text: str) -> dict[str, Any]:
    if len(text) > MOST_CHARACTERS:
        raise BadTerms([f"they have {len(text):,} characters, at most {MOST_CHARACTERS:,} are read"])
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise BadTerms([f"they are no TOML: {error}"]) from error


def _reason(item: Any) -> str:
    """`caps 1, amount: Input should be …` of an error at `("caps", 0, "amount")`."""
    place = "".join(f" {part + 1}" if isinstance(part, int) else f", {part}" for part in item["loc"]).removeprefix(", ")
    if item["type"] == "extra_forbidden":
        return f"there is no '{place}' in billing terms; there are currency, {', '.join(_PARTS)}"
    said = str(item["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    given = item.get("input")
    worth = f" and not {given}" if isinstance(given, str | int | Decimal) and not isinstance(given, bool) else ""
    return f"{place}: {said}{worth}" if place else said
