"""Phones, e-mail addresses and domains in a form that can be compared."""

import re

CALLING_CODES = {
    "US": "1", "CA": "1", "GB": "44", "IE": "353", "DE": "49", "AT": "43", "CH": "41", "FR": "33", "BE": "32",
    "NL": "31", "LU": "352", "IT": "39", "ES": "34", "PT": "351", "DK": "45", "SE": "46", "NO": "47", "FI": "358",
    "PL": "48", "CZ": "420", "AU": "61", "NZ": "64", "SG": "65", "JP": "81", "IN": "91", "BR": "55", "MX": "52",
    "ZA": "27", "AE": "971",
}  # fmt: skip
_FREE_MAIL = (
    "gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com aol.com icloud.com me.com"
    " mac.com gmx.net gmx.de gmx.com web.de t-online.de freenet.de mail.com proton.me protonmail.com orange.fr"
    " wanadoo.fr free.fr laposte.net libero.it btinternet.com comcast.net att.net verizon.net qq.com 163.com"
)
FREE_MAIL = frozenset(_FREE_MAIL.split())
"""Providers whose domain says nothing of the organisation."""
SHORTEST_PHONE = 6
_EXTENSION = re.compile(r"(?:ext|extension|x|#|durchwahl)[.:\s]*\d{1,6}\s*$", re.IGNORECASE)
_HOST = re.compile(r"(?:[a-z][a-z0-9+.-]*://)?(?:[^@/]*@)?(?:www\d?\.)?([a-z0-9.-]+\.[a-z]{2,})(?:[:/?#].*)?")


def normal_phone(text: str | None, country: str = "") -> str:
    """The national digits; without a country the digits as they stand. Empty when it is no number."""
    dialled = _EXTENSION.sub("", (text or "").strip())
    digits = re.sub(r"\D", "", dialled.replace("(0)", ""))
    code = CALLING_CODES.get(country, "")
    if dialled.startswith("+") or digits.startswith("00"):
        digits = digits.removeprefix("00")
        known = code if code and digits.startswith(code) else _code_of(digits)
        digits = digits.removeprefix(known)
    elif code == "1" and len(digits) == 11:
        digits = digits.removeprefix("1")
    digits = digits.lstrip("0")
    return digits if len(digits) >= SHORTEST_PHONE else ""


def _code_of(digits: str) -> str:
    return max((code for code in CALLING_CODES.values() if digits.startswith(code)), key=len, default="")


def normal_email(text: str | None) -> str:
    """Lower case; empty when it is no address."""
    email = (text or "").strip().lower()
    return email if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email) else ""


def domain_of(text: str | None) -> str:
    """The domain of a web address or an e-mail; empty for providers that everybody uses."""
    found = _HOST.fullmatch((text or "").strip().casefold())
    return "" if found is None or found[1] in FREE_MAIL else found[1]
