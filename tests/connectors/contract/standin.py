"""The control API all stand-ins share, as the contract suite uses it."""

from typing import Any

import httpx2

from tests.connectors.contract.subject import Effect
from tieline.sdk import jsontext

FAULTS: dict[Effect, dict[str, Any]] = {
    "busy": {"effect": "status", "status": 429},
    "broken": {"effect": "status", "status": 503},
    "lost_request": {"effect": "drop_before"},
    "lost_answer": {"effect": "drop_after"},
    "late": {"effect": "late_commit"},
    "expired": {"effect": "expire_token"},
}


class ControlApi:
    """Faults, ledger and counts of one stand-in."""

    sign_in_call: str

    def __init__(self, http: httpx2.Client) -> None:
        self._http = http

    def disturb(self, call: str, effect: Effect, ms: int = 0, wish: str | None = None) -> None:
        """Disturb the next such call, once."""
        fault = {"operation": call, "times": 1, "ms": ms} | FAULTS[effect]
        if wish is not None:
            fault["retry_after"] = wish
        self._http.post("/__standin__/faults", content=jsontext.dumps(fault)).raise_for_status()

    def sent(self) -> list[str]:
        """The bodies of all committed writes."""
        entries = self._control("ledger")["entries"]
        return [jsontext.dumps(entry["body"]).decode() for entry in entries]

    def sign_ins(self) -> int:
        """How often somebody asked for a token."""
        return int(self._control("requests")["operations"].get(self.sign_in_call, 0))

    def healthy(self) -> None:
        """No request made the stand-in itself fail."""
        health = self._control("health")
        assert health["ok"], health["bugs"]

    def _control(self, path: str) -> Any:
        answer = self._http.get(f"/__standin__/{path}").raise_for_status()
        return jsontext.loads(answer.content)
