"""The SOAP login call, for older clients; everything else of the SOAP API is not there (fact sheet section 2)."""

import re
from xml.sax.saxutils import escape, unescape

from tieline_standins.core.http import Request, Response
from tieline_standins.salesforce.oauth import TokenError, Tokens

_REFUSED = "INVALID_LOGIN: Invalid username, password, security token; or user locked out."


def soap_login(tokens: Tokens, request: Request) -> Response:
    """POST /services/Soap/u/<version>."""
    text = request.body.decode("utf-8", "replace")
    username, password = _element(text, "username"), _element(text, "password")
    if username is None or password is None:
        return _fault("UNKNOWN_EXCEPTION", "only login is supported")
    try:
        user = tokens.user_with_password(username, password)
    except TokenError:
        return _fault("INVALID_LOGIN", _REFUSED.partition(": ")[2])
    version = request.path.rstrip("/").rpartition("/")[2]
    org = tokens.org
    server = f"{request.base_url}/services/Soap/u/{version}/{org.id[:15]}"
    return _envelope(
        200,
        '<loginResponse xmlns="urn:partner.soap.sforce.com"><result>'
        f"<metadataServerUrl>{escape(request.base_url)}/services/Soap/m/{escape(version)}</metadataServerUrl>"
        f"<passwordExpired>false</passwordExpired><sandbox>false</sandbox><serverUrl>{escape(server)}</serverUrl>"
        f"<sessionId>{tokens.new_session(user)}</sessionId><userId>{user['Id']}</userId><userInfo>"
        f"<organizationId>{org.id}</organizationId><userId>{user['Id']}</userId>"
        f"<userFullName>{escape(user['Name'] or '')}</userFullName><userName>{escape(user['Username'])}</userName>"
        f"<sessionSecondsValid>{org.settings.session_seconds}</sessionSecondsValid>"
        "</userInfo></result></loginResponse>",
    )


def _element(text: str, name: str) -> str | None:
    """The text of the first element with this local name; no XML parser meets what a stranger sends."""
    found = re.search(rf"<(?:\w+:)?{name}>([^<]*)</", text)
    return unescape(found.group(1), {"&quot;": '"', "&apos;": "'"}) if found else None


def _fault(code: str, message: str) -> Response:
    return _envelope(
        500,
        f"<soapenv:Fault><faultcode>{code}</faultcode><faultstring>{code}: {escape(message)}</faultstring><detail>"
        f'<sf:LoginFault xmlns:sf="urn:fault.partner.soap.sforce.com"><sf:exceptionCode>{code}</sf:exceptionCode>'
        f"<sf:exceptionMessage>{escape(message)}</sf:exceptionMessage></sf:LoginFault></detail></soapenv:Fault>",
    )


def _envelope(status: int, content: str) -> Response:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">'
        f"<soapenv:Body>{content}</soapenv:Body></soapenv:Envelope>"
    )
    return Response(status, body.encode(), [("Content-Type", "text/xml; charset=utf-8")], changed=status == 200)
