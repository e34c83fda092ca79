"""Refusals in the vendor's own format: a status and a list of `{message, errorCode, fields}` (fact sheet section 8)."""

from collections.abc import Sequence

from tieline_standins.core.http import Json


class ApiError(Exception):
    """A call Salesforce refuses; `fields` names the fields to mend."""

    def __init__(self, status: int, code: str, message: str, fields: Sequence[str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields

    def body(self) -> Json:
        """As a single call answers it."""
        entry: dict[str, Json] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            entry["fields"] = list(self.fields)
        return [entry]

    def row(self) -> Json:
        """As a collection answers it for one of its records: `statusCode` instead of `errorCode`."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields or ())}


class ManyMatchesError(Exception):
    """An external id that several records carry: answered with 300 and their addresses."""

    def __init__(self, kind: str, ids: Sequence[str]) -> None:
        super().__init__(f"{len(ids)} {kind} records match")
        self.kind = kind
        self.ids = ids


def not_found(message: str = "The requested resource does not exist") -> ApiError:
    return ApiError(404, "NOT_FOUND", message)


def bad_json(message: str) -> ApiError:
    return ApiError(400, "JSON_PARSER_ERROR", message)
