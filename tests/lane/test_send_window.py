"""A batch that was claimed long ago is not sent: by now it may be another worker's."""

from collections.abc import Mapping

import pytest

from tests.lane.world import World, entry
from tests.sdk.scripted import scripted
from tieline.lane import post
from tieline.sdk.http import OpenGate, VendorHttp


class Unsigned:
    def headers(self, method: str, url: str) -> Mapping[str, str]:
        return {}

    def renew(self, refused: Mapping[str, str]) -> bool:
        return False


def test_a_worker_that_slept_longer_than_its_lease_sends_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted() as vendor:
        vendor.says()
        http = VendorHttp(
            connection="erp", base_url=vendor.url, authorizer=Unsigned(), refusal=lambda answer: None, gate=OpenGate()
        )

        def send() -> None:
            http.request("POST", "/lines", write=True)

        world.sink.in_call = send
        world.pull(entry(1))
        with monkeypatch.context() as slept:
            slept.setattr(post, "SEND_WITHIN", -1.0)
            assert world.post() == 0
        assert vendor.seen == []
        assert world.states() == [("1", 0, "waiting")]
        world.due_now()
        assert world.post() == 1
        assert [method for method, _, _, _ in vendor.seen] == ["POST"]
        http.close()
