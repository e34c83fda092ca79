"""Finance in a real Tryton, over its own JSON-RPC."""

import base64
from datetime import date
from decimal import Decimal
from typing import Any

from tieline.connectors.tryton import codec
from tieline.demo.people import Browser, NotDone, today
from tieline.sdk import jsontext

MOST_WARNINGS = 5


class TrytonFinance:
    """Posts drafts and enters payments as the user `finance`."""

    system = "Tryton"

    def __init__(self, server: dict[str, Any]) -> None:
        self._path = f"/{server['database']}/rpc/"
        self._browser = Browser("Finance", server["url"], {"accept-encoding": "gzip"})
        user = server["finance_user"]
        uid, token, _ = self._rpc("common.db.login", user, {"password": server["password"]}, "en")
        session = base64.b64encode(f"{user}:{uid}:{token}".encode()).decode()
        self._browser.sign(authorization=f"Session {session}")
        self._context = self._rpc("model.res.user.get_preferences", True, {})

    def draft(self, project: str, worth: Decimal) -> str | None:
        """The draft of a project once its net amount is what was worked; a project has its customer's drafts."""
        (work,) = self._model("project.work", "read", [int(project)], ["party"])
        domain = [["state", "=", "draft"], ["party", "=", work["party"]]]
        found = self._model("account.invoice", "search_read", domain, 0, 50, None, ["untaxed_amount"])
        return next((str(row["id"]) for row in found if row["untaxed_amount"] == worth), None)

    def release(self, invoice: str, on: date | None = None) -> None:
        """Date, check and post the draft."""
        number = [int(invoice)]
        self._model("account.invoice", "write", number, {"invoice_date": on or today()})
        self._model("account.invoice", "validate_invoice", number)
        self._press("account.invoice", "post", number)

    def total(self, invoice: str) -> Decimal:
        """What the customer owes for it, tax included."""
        return self._invoice(invoice, "total_amount")

    def outstanding(self, invoice: str) -> Decimal:
        """What is still owed."""
        return self._invoice(invoice, "amount_to_pay")

    def pay(self, invoice: str, amount: Decimal, on: date | None = None) -> None:
        """The wizard "Pay invoice", as a person clicks through it."""
        context = {"active_model": "account.invoice", "active_id": int(invoice), "active_ids": [int(invoice)]}
        session, start, _ = self._rpc("wizard.account.invoice.pay.create", self._context | context)
        form = self._wizard(session, {}, start, context)["view"]["defaults"]
        methods = self._model("account.invoice.payment.method", "search", [], 0, 1, None)
        form = {key: value for key, value in form.items() if "." not in key}
        form |= {"amount": amount, "payment_method": methods[0], "date": on or today(), "description": "Bank"}
        self._wizard(session, {start: form}, "choice", context)
        self._rpc("wizard.account.invoice.pay.delete", session, self._context | context)

    def hours(self, project: str) -> Decimal:
        """Hours booked on a project's tasks."""
        (row,) = self._model("project.work", "read", [int(project)], ["timesheet_duration"])
        duration = row["timesheet_duration"]
        return Decimal(str(duration.total_seconds())) / 3600 if duration else Decimal(0)

    def receivable(self, invoice: str) -> Decimal:
        """What the customer of an invoice owes in all."""
        (row,) = self._model("account.invoice", "read", [int(invoice)], ["party"])
        (party,) = self._model("party.party", "read", [row["party"]], ["receivable"])
        return Decimal(party["receivable"])

    def _invoice(self, invoice: str, name: str) -> Decimal:
        (row,) = self._model("account.invoice", "read", [int(invoice)], [name])
        return Decimal(row[name])

    def _wizard(self, session: Any, values: dict[str, Any], state: str, context: dict[str, Any]) -> Any:
        return self._rpc("wizard.account.invoice.pay.execute", session, values, state, self._context | context)

    def _model(self, model: str, method: str, *params: Any) -> Any:
        return self._rpc(f"model.{model}.{method}", *params, self._context)

    def _press(self, model: str, button: str, records: list[int]) -> None:
        """Press a button, and "yes" when Tryton warns, for example that an invoice was due in the past."""
        for _ in range(MOST_WARNINGS):
            error = self._call(f"model.{model}.{button}", records, self._context).get("error")
            if error is None:
                return
            if error[0] != "UserWarning":
                break
            self._model("res.user.warning", "skip", error[1][0], False)
        raise NotDone(f"Finance could not {button}: {error}")

    def _rpc(self, method: str, *params: Any) -> Any:
        content = self._call(method, *params)
        if "result" not in content:
            raise NotDone(f"Finance could not {method}: {content.get('error')}")
        return codec.decode(content["result"])

    def _call(self, method: str, *params: Any) -> Any:
        body = {"id": 1, "method": method, "params": codec.encode(list(params))}
        answer = self._browser.call("POST", self._path, body)
        return jsontext.loads(answer.content)
