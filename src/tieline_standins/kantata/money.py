"""Currencies and amounts as Kantata writes them."""

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "CHF": "CHF", "JPY": "¥"}


def formatted(cents: int, currency: str) -> str:
    """Cents as Kantata formats them."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{SYMBOLS.get(currency, currency)}{abs(cents) // 100:,}.{abs(cents) % 100:02d}"
