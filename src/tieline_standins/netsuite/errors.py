"""Refusals in NetSuite's error format (fact sheet section 3)."""

from http import HTTPStatus

from tieline_standins.core.http import Json, Response

ERROR_TYPE = ("content-type", "application/vnd.oracle.resource+json; type=error")
_RFC = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html"
# The anchor of each status in RFC 2616; the sheet has .4.1 for 400 from Oracle's page and none for 429.
_ANCHORS = {400: "#sec10.4.1", 401: "#sec10.4.2", 403: "#sec10.4.4", 404: "#sec10.4.5", 405: "#sec10.4.6"}
_ANCHORS |= {413: "#sec10.4.14", 500: "#sec10.5.1", 503: "#sec10.5.4"}


class RefusalError(Exception):
    """A request NetSuite refuses. `path`, `param` and `header` point at what is wrong."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int = 400,
        title: str | None = None,
        path: str | None = None,
        param: str | None = None,
        header: str | None = None,
        location: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.status = status
        self.title = title
        self.pointers = {"o:errorPath": path, "o:errorQueryParam": param, "o:errorHeader": header}
        self.location = location

    def response(self) -> Response:
        pointers = {name: value for name, value in self.pointers.items() if value is not None}
        answer = error_response(self.status, self.code, self.detail, title=self.title, pointers=pointers)
        if self.location:
            answer.headers.append(("location", self.location))
        return answer


def error_response(
    status: int, code: str, detail: str, *, title: str | None = None, pointers: dict[str, str] | None = None
) -> Response:
    error: Json = {"detail": detail, "o:errorCode": code, **(pointers or {})}
    body = {
        "type": _RFC + _ANCHORS.get(status, ""),
        "title": title or _title(status),
        "status": status,
        "o:errorDetails": [error],
    }
    return Response(status, body, [ERROR_TYPE])


def _title(status: int) -> str:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "Bad Request"  # sic, fact sheet section 3
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Error"


def bad_login() -> RefusalError:
    text = (
        "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at "
        "Setup > Users/Roles > User Management > View Login Audit Trail."
    )
    return RefusalError("INVALID_LOGIN", text, status=401)


def not_permitted(what: str) -> RefusalError:
    text = f"Permission Violation: You need a higher level of the '{what}' permission to access this page."
    return RefusalError("INSUFFICIENT_PERMISSION", text, status=403)


def no_such_record() -> RefusalError:
    return RefusalError("NONEXISTENT_ID", "Record does not exist.", status=404)


def invalid_value(value: Json, field: str, path: str) -> RefusalError:
    text = f"Error while accessing resource: You have entered an Invalid Field Value {value} for the following field: "
    return RefusalError("INVALID_CONTENT", text + field, path=path)


def malformed(path: str | None = None) -> RefusalError:
    text = "The request could not be understood by the server due to malformed syntax."
    return RefusalError("INVALID_REQUEST", text, path=path)


def bad_parameter(name: str, detail: str) -> RefusalError:
    return RefusalError("INVALID_PARAMETER", detail, param=name)


def user_error(detail: str, path: str | None = None) -> RefusalError:
    return RefusalError("USER_ERROR", detail, path=path)


def too_many_requests() -> RefusalError:
    return RefusalError("CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.", status=429)
