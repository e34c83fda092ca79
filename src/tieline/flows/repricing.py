"""Credit and rebill: what was invoiced before a version with an earlier date is one decision, with the net amount."""

from functools import partial

from tieline.engine.routing import Systems
from tieline.engine.run import Run
from tieline.lane.repricing import agree_to_repricing, drop_repricing, proposed_repricing
from tieline.model.money import Money
from tieline.store.canonical import newest_contract

LABEL = "Credit and rebill"


def repricing(run: Run, contract_id: str, systems: Systems) -> None:
    """Key: the contract's id."""
    contract, proposal = newest_contract(run.db, contract_id), proposed_repricing(run.db, contract_id)
    if contract is None or proposal is None or systems.is_closed(contract.engagement_id):
        return run.stand_by("Nothing is to be credited and billed again")
    net, credit = (Money(amount=proposal[name], currency=proposal["currency"]) for name in ("net", "credited"))
    if run.declined(LABEL, proposal):
        run.with_commit(partial(drop_repricing, contract_id=contract_id))
        return run.note(LABEL, "declined: what was invoiced stays as it is")
    entries, invoices = proposal["entries"], proposal["invoices"]
    why = (
        f"version {proposal['contract_version']} of '{contract.name}' changes the price of {entries} invoiced"
        f" {'entry' if entries == 1 else 'entries'} on {invoices} {'invoice' if invoices == 1 else 'invoices'}:"
        f" {credit} credited, net {net}"
    )
    run.approval(LABEL, proposal, unless=False, why=why, worth=credit, legal_entity=contract.legal_entity)
    run.with_commit(partial(agree_to_repricing, contract_id=contract_id))
    run.note(LABEL, f"agreed, net {net}")
    return None
