"""Repricing: lines that were priced before a contract version reached back to their day are judged by that version."""

from tieline.store.database import Connection


def ask_repricing(db: Connection, contract_id: str, engagement_id: str) -> None:
    """A version was added: its lines are looked at before anything more is billed."""
    db.execute(
        "insert into repricing (contract_id, engagement_id) values (%s, %s)"
        " on conflict (contract_id) do update set state = 'new', asked_at = clock_timestamp()",
        [contract_id, engagement_id],
    )
