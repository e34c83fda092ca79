"""The gate before the first invoice of a contract version: the ERP's billing configuration says what was agreed.

Each version is compared once, and again while something differs: mending it in the ERP lets the invoice go on, and so
does a person who lets exactly these differences pass.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from tieline.engine.link import Link
from tieline.engine.run import Run
from tieline.flows.plan import contract_part, schedule_part
from tieline.model.contract import ContractVersion
from tieline.model.invoice import Invoice
from tieline.model.project import Project
from tieline.sdk.billing_setup import AgreedBilling
from tieline.sdk.roles import Erp
from tieline.store.billing_setup import keep_setup, setup_agrees

LABEL = "Bill although the ERP is set up otherwise"
LOOK_AGAIN = timedelta(hours=1)
SCHEDULE = "billing_schedule"


def wait_for_billing_setup(
    run: Run, erp: Erp, project: Project, contract: ContractVersion, invoice: Invoice, links: Mapping[str, Link]
) -> None:
    """Hold the draft while the ERP would bill otherwise than the version it holds, `contract`."""
    if setup_agrees(run.db, project.id, erp.connection, contract.version):
        return
    refs = {name: link.external_id for name, link in links.items() if link.external_id}
    schedule = run.ref(erp.connection, SCHEDULE, project.id)
    if schedule is not None:
        refs[SCHEDULE] = schedule
    agreed = AgreedBilling(project, contract_part(contract, project), schedule_part(contract, project))
    found = erp.read_billing_differences(agreed, refs)
    told = [str(one) for one in found]
    run.in_transaction.append(
        partial(keep_setup, project_id=project.id, erp=erp.connection, contract=contract, told=told)
    )
    if not found:
        return
    run.look_again(LOOK_AGAIN)
    run.approval(
        LABEL,
        {"project": project.code, "system": erp.system, "contract_version": contract.version, "differences": told},
        unless=False,
        why=f"{project.code} in {erp.system} is not set up as version {contract.version} of the contract agrees."
        f" {'; '.join(told)}. Finance puts it right in {erp.system}, and the draft follows by itself; or a change order"
        " changes the contract; or approve billing as agreed",
        worth=invoice.net,
        legal_entity=project.legal_entity,
    )
