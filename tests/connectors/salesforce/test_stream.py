"""Push from the stand-in: what changes while we listen, and what changed while we did not."""

import threading
from collections.abc import Sequence
from queue import Queue

from tests.connectors.salesforce.org import Org, project
from tieline.sdk.connected import Connected, Pushed
from tieline.sdk.errors import Unavailable


class Listener:
    """Listens on a thread of its own, as a worker does."""

    def __init__(self, connected: Connected, position: str | None) -> None:
        self.events: Queue[Pushed] = Queue()
        self.failed: list[BaseException] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(connected, position), daemon=True)

    def next(self) -> Pushed:
        """The next event; fails when none comes."""
        return self.events.get(timeout=20)

    def _run(self, connected: Connected, position: str | None) -> None:
        def deliver(pushed: Sequence[Pushed]) -> None:
            for each in pushed:
                self.events.put(each)

        assert connected.listen is not None
        try:
            connected.listen(position, deliver, self._stop.is_set)
        except Unavailable as error:
            self.failed.append(error)

    def __enter__(self) -> "Listener":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive()


def test_a_change_is_pushed_and_a_stop_ends_the_stream(org: Org, connected: Connected) -> None:
    before = position_now(org, connected)
    with Listener(connected, before) as listener:
        deal = org.deal()
        assert listener.next().changed.external_id == deal
        org.change("Opportunity", deal, StageName="Closed Won")
        pushed = listener.next()
    assert (pushed.changed.record, pushed.changed.external_id, pushed.changed.deleted) == ("opportunity", deal, False)


def position_now(org: Org, connected: Connected) -> str:
    """A position from which nothing is lost, however late the subscription comes."""
    marker = org.deal("Marker")
    with Listener(connected, "0") as listener:
        while True:
            pushed = listener.next()
            if pushed.changed.external_id == marker:
                return pushed.position


def test_what_changed_while_nobody_listened_is_replayed(org: Org, connected: Connected) -> None:
    before = position_now(org, connected)
    first, second = org.deal("First"), org.deal("Second")
    with Listener(connected, before) as listener:
        seen = [listener.next(), listener.next()]
    assert [push.changed.external_id for push in seen] == [first, second]
    with Listener(connected, seen[0].position) as again:
        assert again.next().changed.external_id == second


def test_a_deleted_deal_is_pushed_as_deleted(org: Org, connected: Connected) -> None:
    deal = org.deal()
    before = position_now(org, connected)
    org.delete("Opportunity", deal)
    with Listener(connected, before) as listener:
        pushed = listener.next()
    assert (pushed.changed.external_id, pushed.changed.deleted) == (deal, True)


def test_our_own_writes_come_back_as_no_event(org: Org, connected: Connected) -> None:
    deal = org.deal()
    before = position_now(org, connected)
    org.call("PATCH", f"sobjects/Opportunity/{deal}", {"NextStep": "x"}, **{"sforce-call-options": "client=tieline"})
    crm = connected.crm
    assert crm is not None
    crm.show_project.create(crm.show_project.render(project(opportunity_ref=deal), {}), "key")
    marker = org.deal("After ours")
    with Listener(connected, before) as listener:
        assert listener.next().changed.external_id == marker


def test_events_older_than_the_server_keeps_are_replayed_from_the_oldest(org: Org, connected: Connected) -> None:
    before = position_now(org, connected)
    org.deal("Forgotten")
    org.later(80 * 3600)
    kept = org.deal("Kept")
    with Listener(connected, before) as listener:
        assert listener.next().changed.external_id == kept


def test_a_gap_the_platform_left_is_heard_as_a_change(org: Org, connected: Connected) -> None:
    deal = org.deal()
    before = position_now(org, connected)
    org.control("POST", "salesforce/gap", {"object": "Opportunity", "ids": [deal], "changeType": "GAP_UPDATE"})
    with Listener(connected, before) as listener:
        assert listener.next().changed.external_id == deal


def test_a_new_line_is_heard_as_a_change_of_its_deal(org: Org, connected: Connected) -> None:
    deal = org.deal()
    org.line(deal)
    before = position_now(org, connected)
    org.line(deal, product="MS-RUN", Quantity=3)
    with Listener(connected, before) as listener:
        assert listener.next().changed.external_id == deal


def test_a_token_that_ends_during_the_stream_is_renewed(org: Org, connected: Connected) -> None:
    before = position_now(org, connected)
    org.fault("*cometd*", "expire_token", after=3)
    with Listener(connected, before) as listener:
        first = org.deal("First")
        assert listener.next().changed.external_id == first
        second = org.deal("Second")
        assert listener.next().changed.external_id == second
    assert listener.failed == []
