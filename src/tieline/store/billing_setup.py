"""What the last comparison of an ERP's billing configuration with the contract has found, by project."""

from collections.abc import Sequence

from tieline.model.contract import ContractVersion
from tieline.store.database import Connection


def setup_agrees(db: Connection, project_id: str, connection: str, version: int) -> bool:
    """Whether the ERP was set up as this version agrees when it was last looked at."""
    row = db.execute(
        "select from billing_setup where project_id = %s and connection = %s and contract_version = %s"
        " and differences = '{}'",
        [project_id, connection, version],
    ).fetchone()
    return row is not None


def keep_setup(db: Connection, *, project_id: str, erp: str, contract: ContractVersion, told: Sequence[str]) -> None:
    """Store what was found; nothing means that all agrees."""
    db.execute(
        "insert into billing_setup as s (project_id, connection, contract_version, differences) values (%s, %s, %s, %s)"
        " on conflict (project_id) do update set connection = excluded.connection,"
        " contract_version = excluded.contract_version, differences = excluded.differences,"
        " checked_at = clock_timestamp()",
        [project_id, erp, contract.version, list(told)],
    )
