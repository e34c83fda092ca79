"""The engagement a deal opens or joins, and the activation of its contract."""

from tieline.engine.audit import audit
from tieline.engine.run import Run
from tieline.lane.repricing import ask_repricing
from tieline.model.contract import ContractVersion
from tieline.model.firm import Firm
from tieline.model.ids import derived
from tieline.model.opportunity import Opportunity
from tieline.store.canonical import add_contract_version, engagement_of_opportunity
from tieline.store.database import Connection
from tieline.store.succession import succession_by


def engagement_of(run: Run, opportunity: Opportunity, firm: Firm) -> str:
    """The engagement of a deal: the one it opened, the one it names as an add-on, or the id of a new one.

    The deal of a successor opens its own, whatever it names.
    """
    known = engagement_of_opportunity(run.db, opportunity.id)
    if known is None and opportunity.parent_engagement:
        follows = succession_by(run.db, opportunity.id)
        known = follows.successor_id if follows else opportunity.parent_engagement
    return known or derived("engagement", opportunity.id)


def activate(run: Run, contract: ContractVersion, customer_name: str) -> None:
    """Make version 1 the contract, for ever unchanged, and wake what builds on it."""
    engagement = contract.engagement_id

    def commit(db: Connection) -> None:
        db.execute(
            "insert into engagement (id, name, customer_id, customer_name) values (%s, %s, %s, %s)"
            " on conflict (id) do nothing",
            [engagement, contract.name, contract.customer_id, customer_name],
        )
        db.execute(
            "insert into engagement_opportunity (opportunity_id, engagement_id) values (%s, %s) on conflict do nothing",
            [contract.opportunity_id, engagement],
        )
        db.execute(
            "update agenda set engagement = %s where flow = %s and key = %s",
            [engagement, run.author.flow, run.author.key],
        )

    run.with_commit(commit)
    amend(run, contract)


def amend(run: Run, contract: ContractVersion) -> None:
    """Add a version to a contract, for ever unchanged, and wake what builds on it."""
    engagement = contract.engagement_id
    detail = {"label": f"Contract version {contract.version} active", "value": str(contract.value)}
    if contract.change is not None:
        detail |= {"order": contract.change.order.number, "changed": "; ".join(contract.change.changed)}

    def commit(db: Connection) -> None:
        add_contract_version(db, contract)
        if contract.change is not None:
            ask_repricing(db, contract.id, engagement)
        audit(
            db,
            "contract.activated",
            engagement=engagement,
            run_id=run.author.run_id or None,
            object_=contract.id,
            detail=detail,
        )

    run.with_commit(commit)
    run.note("Contract active", f"version {contract.version}, {contract.value}")
    run.wake("contract_to_project", contract.id, engagement)


def join(run: Run, opportunity_id: str, engagement: str) -> None:
    """A further deal of an engagement goes on under the engagement's lock."""

    def commit(db: Connection) -> None:
        db.execute(
            "insert into engagement_opportunity (opportunity_id, engagement_id) values (%s, %s) on conflict do nothing",
            [opportunity_id, engagement],
        )

    run.with_commit(commit)
    run.wake(run.author.flow, run.author.key, engagement)
