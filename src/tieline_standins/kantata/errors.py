"""Error answers in Kantata's format (fact sheet, section 3)."""

from tieline_standins.core.http import Json


class ApiError(Exception):
    """A request Kantata refuses: HTTP status and the `errors` array of its body."""

    def __init__(self, status: int, *errors: dict[str, Json]) -> None:
        super().__init__(status, errors)
        self.status = status
        self.errors = list(errors)


def system(status: int, message: str) -> ApiError:
    return ApiError(status, {"type": "system", "message": message})


def unauthorized() -> ApiError:
    return ApiError(401, {"type": "oauth", "message": "Invalid OAuth 2 Request"})


def forbidden() -> ApiError:
    return system(403, "You do not have permission to perform this action")


def not_found() -> ApiError:
    return system(404, "Not found")


def invalid(field: str, message: str) -> ApiError:
    return ApiError(422, {"type": "validation", "message": message, "field": field})
