"""The finance department's own hands in Tryton: reads, posts and pays over JSON-RPC without any code of ours."""

import base64
import gzip
import json
import urllib.request
from datetime import date
from decimal import Decimal
from typing import Any

from tests.connectors.tryton.running import Server

TODAY = {"__class__": "date", **{name: getattr(date.today(), name) for name in ("year", "month", "day")}}  # noqa: DTZ011


class Books:
    """A session of the finance user; the oracle and the payer of the tests."""

    def __init__(self, server: Server) -> None:
        self._url = f"{server.url}/{server.database}/rpc/"
        self._server = server
        self.sign_in()
        self._context: dict[str, Any] = self._send("model.res.user.get_preferences", True, {})

    def sign_in(self) -> None:
        """Begin a session; Tryton ends one after five idle minutes."""
        self._header = ""
        user = self._server.finance_user
        number, token, *_ = self._send("common.db.login", user, {"password": self._server.password}, "en")
        self._header = "Session " + base64.b64encode(f"{user}:{number}:{token}".encode()).decode()

    def call(self, model: str, method: str, *params: Any) -> Any:
        """A method of a model."""
        return self._send(f"model.{model}.{method}", *params, self._context)

    def rows(self, model: str, domain: list[Any], *fields: str) -> list[dict[str, Any]]:
        """Records in a domain."""
        rows: list[dict[str, Any]] = self.call(model, "search_read", domain, 0, 5000, [["id", "ASC"]], list(fields))
        return rows

    def row(self, model: str, identifier: str, *fields: str) -> dict[str, Any]:
        """Fields of one record."""
        (row,) = self.rows(model, [["id", "=", int(identifier)]], *fields)
        return row

    def post(self, invoice: str) -> None:
        """Date the draft today, validate and post it, as a person does."""
        self.call("account.invoice", "write", [int(invoice)], {"invoice_date": TODAY})
        self.call("account.invoice", "validate_invoice", [int(invoice)])
        self.call("account.invoice", "post", [int(invoice)])

    def pay(self, invoice: str, amount: Decimal) -> None:
        """Enter a payment with the invoice's own wizard; a part of the sum leaves the rest open."""
        wizard, context = "wizard.account.invoice.pay", self._on(invoice)
        session, state, _ = self._send(f"{wizard}.create", context)
        shown = self._send(f"{wizard}.execute", session, {}, state, context)["view"]["defaults"]
        (method,) = self.rows("account.invoice.payment.method", [["name", "=", "Bank"]], "name")
        start = {name: value for name, value in shown.items() if "." not in name}
        start |= {"amount": _typed(amount), "payment_method": method["id"], "description": "bank", "date": TODAY}
        answer = self._send(f"{wizard}.execute", session, {"start": start}, "choice", context)
        if "view" in answer:
            ask = {name: value for name, value in answer["view"]["defaults"].items() if "." not in name}
            states = {"start": start, "ask": {**ask, "type": "partial"}}
            self._send(f"{wizard}.execute", session, states, "pay", context)
        self._send(f"{wizard}.delete", session, self._context)

    def credit(self, invoice: str) -> None:
        """Credit the whole invoice and reconcile both."""
        wizard, context = "wizard.account.invoice.credit", self._on(invoice)
        session, state, _ = self._send(f"{wizard}.create", context)
        shown = self._send(f"{wizard}.execute", session, {}, state, context)["view"]["defaults"]
        start = {name: value for name, value in shown.items() if "." not in name}
        states = {"start": {**start, "with_refund": True, "invoice_date": TODAY}}
        self._send(f"{wizard}.execute", session, states, "credit", context)
        self._send(f"{wizard}.delete", session, self._context)

    def _on(self, invoice: str) -> dict[str, Any]:
        number = int(invoice)
        return {**self._context, "active_model": "account.invoice", "active_id": number, "active_ids": [number]}

    def _send(self, method: str, *params: Any) -> Any:
        body = json.dumps({"id": 1, "method": method, "params": params}, default=float).encode()
        headers = {"Content-Type": "application/json", "Accept-Encoding": "gzip"}
        if self._header:
            headers["Authorization"] = self._header
        request = urllib.request.Request(self._url, body, headers)  # noqa: S310 - our own server
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            content = answer.read()
            text = gzip.decompress(content) if answer.headers.get("Content-Encoding") == "gzip" else content
        parsed = json.loads(text, parse_float=Decimal)
        if parsed.get("error"):
            raise AssertionError(f"Tryton refused {method}: {parsed['error'][:2]}")
        return parsed["result"]


def amount_of(value: Any) -> Decimal:
    """The number in a typed value."""
    assert value["__class__"] == "Decimal"
    return Decimal(value["decimal"])


def hours_of(value: Any) -> Decimal:
    """The hours in a typed duration."""
    assert value["__class__"] == "timedelta"
    return Decimal(value["seconds"]) / 3600


def _typed(amount: Decimal) -> dict[str, str]:
    return {"__class__": "Decimal", "decimal": str(amount)}
