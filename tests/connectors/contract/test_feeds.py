"""The contract of every inbound feed: nothing is missed over many pages, restarts and changes in between."""

import json
from collections.abc import Callable

import pytest

from tests.connectors.contract.cases import CONNECTORS
from tests.connectors.contract.subject import Feed, Subject

FEEDS = [
    ("salesforce", "opportunities"),
    ("kantata", "projects"),
    ("kantata", "time"),
    ("kantata", "expenses"),
    ("netsuite", "invoices"),
    ("tryton", "invoices"),
]
each_feed = pytest.mark.parametrize(("connector", "name"), FEEDS, ids=["-".join(feed) for feed in FEEDS])
RESTARTS, MOST_PAGES = 4, 400


def swept(
    subject: Subject, feed: Feed, cursor: str | None, between: Callable[[], object] = lambda: None
) -> tuple[list[str], str, int]:
    """A whole round; its first pages are read by processes that know nothing but the stored cursor."""
    found: list[str] = []
    for pages in range(1, RESTARTS):
        connected = subject.connect(page_size=3)
        items, cursor, more = feed.page(connected, stored(cursor))
        connected.close()
        found += items
        if not more:
            return found, cursor, pages
        if pages == 1:
            between()
    connected = subject.connect(page_size=3)
    for pages in range(RESTARTS, MOST_PAGES):
        items, cursor, more = feed.page(connected, stored(cursor))
        found += items
        if not more:
            connected.close()
            return found, cursor, pages
    raise AssertionError("the feed does not end")


def stored(cursor: str | None) -> str | None:
    """What the database gives back."""
    kept: str | None = json.loads(json.dumps(cursor))
    return kept


def test_every_connector_has_a_feed() -> None:
    assert {connector for connector, _ in FEEDS} == set(CONNECTORS)


@each_feed
def test_nothing_is_missed_over_many_pages_and_restarts(connector: str, name: str, subject: Subject) -> None:
    feed = subject.feeds[name]
    made = feed.make(8)
    assert len(made) == 8
    found, _, pages = swept(subject, feed, None)
    assert made <= set(found)
    assert pages > 2


@each_feed
def test_a_record_that_changes_while_we_page_pushes_none_past_us(connector: str, name: str, subject: Subject) -> None:
    feed = subject.feeds[name]
    made = sorted(feed.make(8))
    found, _, _ = swept(subject, feed, None, between=lambda: feed.touch(made[0]))
    assert set(made) <= set(found)


@each_feed
def test_the_next_round_brings_what_changed_since(connector: str, name: str, subject: Subject) -> None:
    feed = subject.feeds[name]
    made = sorted(feed.make(4))
    _, cursor, _ = swept(subject, feed, None)
    feed.touch(made[2])
    found, _, _ = swept(subject, feed, cursor)
    assert made[2] in found
