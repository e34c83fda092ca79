"""Money: an exact amount in one currency, and how it is rounded and split so that parts add up."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache

from pydantic import BaseModel, ConfigDict, field_validator

NO_CENTS = frozenset(
    {"JPY", "KRW", "CLP", "ISK", "VND", "XAF", "XOF", "XPF", "UGX", "PYG", "RWF", "KMF", "GNF", "DJF", "BIF", "VUV"}
)
THREE_DIGITS = frozenset({"BHD", "KWD", "OMR", "JOD", "TND", "IQD", "LYD"})
_CENTS = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC"
    " CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD"
    " KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO"
    " NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL"
    " THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG"
)
CURRENCIES = NO_CENTS | THREE_DIGITS | frozenset(_CENTS.split())
"""ISO 4217."""
_ZERO = Decimal(0)
_SMALLEST = {0: Decimal("1"), 2: Decimal("0.01"), 3: Decimal("0.001")}
LARGEST = Decimal(10) ** 14
"""No amount reaches this; larger ones are a vendor's mistake or an attack."""


def digits(currency: str) -> int:
    """Number of decimal digits of an ISO 4217 currency."""
    return 0 if currency in NO_CENTS else 3 if currency in THREE_DIGITS else 2


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Rounded once, half up away from zero, so that a reversal mirrors its charge. Zero has no sign."""
    return amount.quantize(_smallest(currency), ROUND_HALF_UP) + _ZERO


@lru_cache(maxsize=256)
def _smallest(currency: str) -> Decimal:
    return _SMALLEST[digits(currency)]


class Money(BaseModel):
    """An exact amount and its ISO 4217 currency; sums of different currencies are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount: Decimal
    currency: str

    @field_validator("amount", mode="before")
    @classmethod
    def _no_float(cls, value: object) -> object:
        if isinstance(value, float):
            raise ValueError("money is never a float: give a Decimal, an int or a string")
        return value

    @field_validator("amount")
    @classmethod
    def _finite(cls, value: Decimal) -> Decimal:
        if not value.is_finite() or abs(value) >= LARGEST:
            raise ValueError(f"an amount is a number below {LARGEST:,}")
        return value

    @field_validator("currency")
    @classmethod
    def _iso_code(cls, value: str) -> str:
        if len(value) != 3 or not value.isascii() or not value.isalpha() or not value.isupper():
            raise ValueError(f"'{value}' is no ISO 4217 currency code")
        return value

    def __add__(self, other: "Money") -> "Money":
        return Money(amount=self.amount + self._same(other), currency=self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(amount=self.amount - self._same(other), currency=self.currency)

    def __neg__(self) -> "Money":
        return Money(amount=-self.amount, currency=self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other)

    def __str__(self) -> str:
        return f"{self.currency} {rounded(self.amount, self.currency):,}"

    def _same(self, other: "Money") -> Decimal:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be put together without a rate")
        return other.amount

    def rounded(self) -> "Money":
        """This amount rounded to the digits of its currency."""
        return Money(amount=rounded(self.amount, self.currency), currency=self.currency)

    def times(self, factor: Decimal | int) -> "Money":
        """Multiplied and rounded once."""
        return Money(amount=rounded(self.amount * factor, self.currency), currency=self.currency)

    def split(self, weights: Sequence[Decimal | int]) -> tuple["Money", ...]:
        """Parts in proportion to the weights that add up exactly; the left-over cents go to the largest remainders.

        Raises ValueError when there is no positive weight.
        """
        shares = [Fraction(weight) for weight in weights]
        whole = sum(shares)
        if whole <= 0 or min(shares) < 0:
            raise ValueError("a split needs weights of zero or more, one of them positive")
        places = digits(self.currency)
        cents = int(rounded(self.amount, self.currency).scaleb(places))
        exact = [abs(cents) * share / whole for share in shares]
        parts = [int(share) for share in exact]
        largest_first = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
        for index in largest_first[: abs(cents) - sum(parts)]:
            parts[index] += 1
        sign = -1 if cents < 0 else 1
        return tuple(Money(amount=Decimal(sign * part).scaleb(-places), currency=self.currency) for part in parts)


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum of amounts that are all in `currency` (zero when there are none)."""
    result = Money(amount=Decimal(0), currency=currency)
    for amount in amounts:
        result = result + amount
    return result
