"""Calls of one Tryton database: models' methods over JSON-RPC, with typed values and the user's context."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tieline.connectors.tryton import codec, faults
from tieline.connectors.tryton.session import GZIP, LANGUAGE, Session, server_version
from tieline.connectors.tryton.settings import Options
from tieline.sdk.connector import ConnectionSettings
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable, Unclear
from tieline.sdk.http import Gate, VendorHttp

Row = dict[str, Any]
Domain = Sequence[Any]
PAGE = 500
MOST_ROWS = 200_000


class Tryton:
    """One user in one company of one database."""

    def __init__(self, settings: ConnectionSettings, options: Options, gate: Gate, timeout: float = 60.0) -> None:
        self.connection = settings.name
        self._options = options
        self._pinned = settings.account
        self._session = Session(settings, options, gate)
        self._http = VendorHttp(
            connection=settings.name,
            base_url=settings.url,
            authorizer=self._session,
            refusal=faults.refusal,
            gate=gate,
            headers=GZIP,
            timeout=timeout,
        )
        self._lock = threading.Lock()
        self._context: Row | None = None
        self._ours: str | None = None
        """The session that was found to be of the pinned account."""

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()
        self._http.close()

    def version(self) -> str:
        """The series of the server, such as 8.2."""
        return server_version(self._http)

    @property
    def company(self) -> int:
        """The company all records belong to."""
        company = self.context().get("company")
        if not isinstance(company, int):
            raise Rejected(self.connection, "the integration user has no current company in Tryton", kind="master_data")
        return company

    def account(self) -> str:
        """Database and company: what the pinned account of the connection must say."""
        name = self.read("company.company", [self.company], ["party.name"])[0].get("party.")
        return f"{self._options.database}/{name.get('name') if isinstance(name, dict) else name}"

    def context(self) -> Row:
        """What every call carries: the user's preferences, our language, the company of the connection."""
        with self._lock:
            if self._context is None:
                preferences = self._call("model.res.user.get_preferences", [True, {}], write=False)
                if not isinstance(preferences, dict):
                    raise self._odd("get_preferences", write=False)
                self._context = {**preferences, "language": LANGUAGE}
                if self._options.company:
                    self._context["company"] = self._company(self._options.company)
            return self._context

    def call(self, model: str, method: str, *params: Any, write: bool, context: Mapping[str, Any] | None = None) -> Any:
        """A method of a model. `write` says whether a broken call may have changed something.

        Raises Unauthorized for a write to another account than the pinned one.
        """
        if write:
            self._check_account()
        merged = {**self.context(), **(context or {})}
        return self._call(f"model.{model}.{method}", [*params, merged], write=write)

    def search(self, model: str, domain: Domain, *, limit: int, order: Domain = ()) -> list[int]:
        """Ids of the records in the domain."""
        found = self.call(model, "search", list(domain), 0, limit, list(order) or None, write=False)
        return self._ids(found, model, write=False)

    def read(self, model: str, ids: Sequence[int], fields: Sequence[str]) -> list[Row]:
        """Fields of records in the order of the ids. Raises Rejected (master_data) when one is gone."""
        rows = self._rows(self.call(model, "read", list(ids), list(fields), write=False), model)
        by_id = {row.get("id"): row for row in rows}
        if any(identifier not in by_id for identifier in ids):
            raise gone(self.connection, model)
        return [by_id[identifier] for identifier in ids]

    def rows(
        self, model: str, domain: Domain, fields: Sequence[str], *, limit: int = PAGE, order: Domain = ()
    ) -> list[Row]:
        """One page of records with fields."""
        found = self.call(model, "search_read", list(domain), 0, limit, list(order) or None, list(fields), write=False)
        return self._rows(found, model)

    def every(self, model: str, domain: Domain, fields: Sequence[str]) -> Iterator[Row]:
        """All records with fields, page by page in the order of their ids, so that none is missed or repeated."""
        last = 0
        for _ in range(0, MOST_ROWS, PAGE):
            page = self.rows(model, [["id", ">", last], list(domain)], fields, order=[["id", "ASC"]])
            yield from page
            if len(page) < PAGE:
                return
            last = max(int(row["id"]) for row in page)
        raise Unavailable(self.connection, f"Tryton holds more than {MOST_ROWS} records of {model}")

    def create(self, model: str, records: Sequence[Mapping[str, Any]]) -> list[int]:
        """Create records in one transaction; their ids in the same order."""
        ids = self._ids(self.call(model, "create", list(records), write=True), model, write=True)
        if len(ids) != len(records):
            raise self._odd(f"{model}.create", write=True)
        return ids

    def write(self, model: str, identifier: int, values: Mapping[str, Any], seen: str | None = None) -> None:
        """Change one record; with `seen` (its `_timestamp` when it was read) only if nobody changed it since."""
        context = {"_timestamp": {f"{model},{identifier}": seen}} if seen else None
        self.call(model, "write", [identifier], dict(values), write=True, context=context)

    def press(self, model: str, button: str, identifier: int) -> None:
        """Press a button of a record's form: a change of its state."""
        self.call(model, button, [identifier], write=True)

    def _check_account(self) -> None:
        """Once for each session: a renewed one may find another database under the same name."""
        session = self._session.header()
        if session == self._ours:
            return
        found = self.account()
        if found != self._pinned:
            message = f"the credentials work in {found}, but the connection is pinned to {self._pinned}"
            raise Unauthorized(self.connection, f"{message}: nothing is sent")
        self._ours = session

    def _company(self, name: str) -> int:
        domain = [["party.name", "=", name]]
        found = self._call("model.company.company.search", [domain, 0, 2, None, {}], write=False)
        ids = self._ids(found, "company.company", write=False)
        if len(ids) != 1:
            raise Rejected(
                self.connection, f"Tryton has no single company '{name}'", kind="master_data", field="company", key=name
            )
        return ids[0]

    def _call(self, method: str, params: Sequence[Any], *, write: bool) -> Any:
        body = {"id": 0, "method": method, "params": codec.encode(params)}
        answer = self._http.request("POST", f"/{self._options.database}/rpc/", write=write, json=body).json()
        if isinstance(answer, dict) and answer.get("error") is not None:
            raise faults.fault(self.connection, answer["error"], write=write)
        if not isinstance(answer, dict) or "result" not in answer:
            raise self._odd(method, write=write)
        try:
            return codec.decode(answer["result"])
        except codec.MalformedValue as error:
            raise self._odd(method, write=write) from error

    def _rows(self, value: Any, model: str) -> list[Row]:
        if not isinstance(value, list) or not all(isinstance(row, dict) and _is_id(row.get("id")) for row in value):
            raise self._odd(model, write=False)
        return value

    def _ids(self, value: Any, model: str, *, write: bool) -> list[int]:
        if not isinstance(value, list) or not all(_is_id(identifier) for identifier in value):
            raise self._odd(model, write=write)
        return value

    def _odd(self, method: str, *, write: bool) -> Unavailable:
        kind = Unclear if write else Unavailable
        return kind(self.connection, f"answered {method} in a form we do not know")


def gone(connection: str, model: str) -> Rejected:
    """What a reference to a record that does not exist (any more) is answered with."""
    return Rejected(connection, f"the record ({model}) does not exist in Tryton any more", kind="master_data")


def record_id(connection: str, external_id: str) -> int:
    """The number behind a vendor id of ours. Raises Rejected when it cannot be one."""
    if not external_id.isascii() or not external_id.isdigit() or len(external_id) > 15:
        raise Rejected(connection, f"'{external_id[:40]}' is no record id of Tryton", kind="master_data", field="id")
    return int(external_id)


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
