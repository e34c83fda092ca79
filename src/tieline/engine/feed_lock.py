"""The lock of a feed of lines: whoever judges a known line of it judges it alone."""

from tieline.store.database import Connection

FEED_LOCK = 776


def lock_feed(db: Connection, stream: str) -> None:
    """One writer per feed until the transaction ends. Taken before any row of its lines is locked."""
    db.execute("select pg_advisory_xact_lock(%s, hashtext(%s))", [FEED_LOCK, stream])
