"""Control routes of this vendor: what people do in its screens and the REST API cannot.

POST merge     {"master": id, "merged": [ids]}       a user merges accounts or contacts
POST undelete  {"id": id}                            a user empties nothing but takes a record out of the recycle bin
POST authorize {"username": …, "consumerKey": …}     a user approves an app in the browser: access and refresh token
POST gap       {"object": …, "ids": […], "changeType": "GAP_UPDATE"}   the platform could not make the full event
All below /__standin__/salesforce/.
"""

from tieline_standins.core.http import Json, Request, Response
from tieline_standins.core.vendor import ControlError
from tieline_standins.salesforce import dml
from tieline_standins.salesforce.api_error import ApiError
from tieline_standins.salesforce.events import Origin
from tieline_standins.salesforce.oauth import TokenError, Tokens
from tieline_standins.salesforce.settings import INTEGRATION_USER
from tieline_standins.salesforce.transaction import Org

_GAPS = ("GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE", "GAP_OVERFLOW")


def control(org: Org, tokens: Tokens, request: Request, path: str) -> Response | None:
    """Answer one of the routes above, None for any other path. Raises ControlError."""
    action = path.removeprefix("salesforce/")
    if request.method != "POST" or action not in ("merge", "undelete", "authorize", "gap"):
        return None
    body = request.json()
    if not isinstance(body, dict):
        raise ControlError("the body must be a JSON object")
    try:
        if action == "authorize":
            return _authorize(org, tokens, request, body)
        if action == "gap":
            return _gap(org, body)
        with org.transaction(request, tokens.user_named(INTEGRATION_USER)["Id"], "ui") as work:
            if action == "merge":
                dml.merge(work, str(body.get("master")), [str(each) for each in body.get("merged") or ()])
            else:
                dml.undelete(work, str(body.get("id")))
    except (ApiError, TokenError) as error:
        raise ControlError(str(error)) from error
    return Response(204)


def _authorize(org: Org, tokens: Tokens, request: Request, body: dict[str, Json]) -> Response:
    app = org.access.apps.get(str(body.get("consumerKey")))
    if app is None:
        raise ControlError(f"there is no connected app {body.get('consumerKey')!r}")
    user = tokens.user_named(str(body.get("username")))
    answer = tokens.token_body(request, user) | {"refresh_token": tokens.new_refresh_token(app, user["Username"])}
    return Response(200, answer, changed=True)


def _gap(org: Org, body: dict[str, Json]) -> Response:
    sobject, kind, ids = org.schema.find(str(body.get("object"))), body.get("changeType"), body.get("ids")
    if sobject is None or kind not in _GAPS or not isinstance(ids, list):
        raise ControlError(f"a gap names `object`, `ids` and `changeType`, one of {', '.join(_GAPS)}")
    org.transactions += 1
    origin = Origin("", f"gap-{org.transactions}", org.transactions, "", org.stamp())
    org.events.gap(sobject, str(kind), [str(each) for each in ids], origin)
    return Response(204, changed=True)
