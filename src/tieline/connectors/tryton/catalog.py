"""Tryton's master data by the keys people know: currencies, terms, products, units, taxes, analytic accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tieline.connectors.tryton.client import Domain, Row, Tryton
from tieline.sdk.errors import Rejected

NO_TAX = "none"
"""In the value table tax_code: no tax at all."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measure; quantities have at most `digits` decimals."""

    id: int
    digits: int


class Catalog:
    """Looks ids up once and remembers them; what is missing is looked up again next time, for somebody may add it."""

    def __init__(self, client: Tryton) -> None:
        self._client = client
        self._known: dict[tuple[str, ...], Row] = {}

    def currency(self, code: str) -> int:
        """A currency by its ISO code."""
        return self._id("currency.currency", "code", code, "currency")

    def payment_term(self, name: str) -> int:
        """A payment term by its name."""
        return self._id("account.invoice.payment_term", "name", name, "payment term")

    def country(self, code: str) -> int:
        """A country by its ISO code."""
        return self._id("country.country", "code", code, "country")

    def subdivision(self, country: str, name: str) -> int | None:
        """A state or province by name, ISO code or its part after the hyphen; None where Tryton lists none."""
        domain = [["country.code", "=", country]]
        code = name if name.startswith(f"{country}-") else f"{country}-{name}"
        either = ["OR", ["name", "=", name], ["code", "=", code]]
        rows = self._client.rows("country.subdivision", [domain, either], ["id"], limit=2)
        if len(rows) == 1:
            return int(rows[0]["id"])
        if not self._client.search("country.subdivision", domain, limit=1):
            return None
        raise self._missing("subdivision", f"{name} ({country})")

    def tax(self, name: str) -> list[int]:
        """The taxes a tax code stands for: one by its name, or none."""
        if name == NO_TAX:
            return []
        domain = [["company", "=", self._client.company], ["parent", "=", None]]
        return [self._id("account.tax", "name", name, "tax", domain)]

    def journal(self, code: str) -> int:
        """An accounting journal by its code."""
        return self._id("account.journal", "code", code, "journal")

    def product(self, code: str) -> tuple[int, Unit]:
        """A salable product by its code, and its unit of sale."""
        row = self._row("product.product", "code", code, "product", ["sale_uom"], [["salable", "=", True]])
        if not isinstance(row.get("sale_uom"), int):
            raise self._missing("unit of sale of product", code)
        return int(row["id"]), self.unit_by_id(int(row["sale_uom"]))

    def unit(self, symbol: str) -> Unit:
        """A unit by its symbol."""
        row = self._row("product.uom", "symbol", symbol, "unit", ["digits"])
        return Unit(int(row["id"]), int(row["digits"]))

    def unit_by_id(self, identifier: int) -> Unit:
        """A unit by its id."""
        row = self._row("product.uom", "id", str(identifier), "unit", ["digits"])
        return Unit(int(row["id"]), int(row["digits"]))

    def analytic(self, axis: str, code: str) -> dict[str, int]:
        """An analytic account by the code of its axis and its own."""
        domain = [["root.code", "=", axis], ["company", "=", self._client.company], ["type", "!=", "root"]]
        row = self._row("analytic_account.account", "code", code, f"analytic account of {axis}", ["root"], domain)
        return {"root": int(row["root"]), "account": int(row["id"])}

    def done_status(self) -> int:
        """The status of finished projects and tasks."""
        return self._status([["progress", "=", Decimal(1)]], "status of finished projects", "100 %")

    def open_status(self) -> int:
        """The status of projects and tasks at work."""
        unfinished = ["OR", [["progress", "=", None]], [["progress", "<", Decimal(1)]]]
        return self._status([unfinished], "status of open projects", "below 100 %")

    def _status(self, domain: Domain, words: str, value: str) -> int:
        rows = self._client.rows("project.work.status", domain, ["types"], limit=10)
        fitting = [row["id"] for row in rows if {"project", "task"} <= set(row.get("types") or ())]
        if not fitting:
            raise self._missing(words, value)
        return int(fitting[0])

    def _id(self, model: str, field: str, value: str, words: str, domain: Domain = ()) -> int:
        return int(self._row(model, field, value, words, (), domain)["id"])

    def _row(
        self, model: str, field: str, value: str, words: str, fields: Sequence[str] = (), domain: Domain = ()
    ) -> Row:
        key = (model, field, value, words)
        if key not in self._known:
            wanted: Any = int(value) if field == "id" else value
            rows = self._client.rows(model, [[field, "=", wanted], *domain], fields or ["id"], limit=2)
            if len(rows) != 1:
                raise self._missing(words, value, several=bool(rows))
            self._known[key] = rows[0]
        return self._known[key]

    def _missing(self, words: str, value: str, *, several: bool = False) -> Rejected:
        sentence = f"Tryton has more than one {words} '{value}'" if several else f"Tryton has no {words} '{value}'"
        return Rejected(self._client.connection, sentence, kind="master_data", field=words, key=value, owner="finance")
