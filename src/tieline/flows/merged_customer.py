"""Customers merged in the CRM: what runs keeps its record in the ERP (`customer_held_as`), and all else follows."""

from tieline.engine.run import Run
from tieline.model.contract import ContractVersion
from tieline.model.opportunity import Opportunity
from tieline.sdk.roles import Crm
from tieline.store.canonical import refer
from tieline.store.master_data import note_merge


def is_merged(run: Run, crm: Crm, opportunity: Opportunity, contract: ContractVersion) -> bool:
    """Whether the contract's customer became the one the deal belongs to now; then what shows the customer follows."""
    known = run.ref(crm.connection, "customer", contract.customer_id)
    if known is None:
        return False
    found = crm.read_customer(known)
    if found.id != opportunity.customer_id:
        return False
    master = str(opportunity.customer_ref)
    run.with_commit(lambda db: refer(db, crm.connection, "customer", found.id, master))
    run.with_commit(lambda db: note_merge(db, contract.customer_id, found.id))
    run.wake("contract_to_project", contract.id, contract.engagement_id)
    return True
