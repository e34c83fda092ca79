"""Planned cost of an assignment: a resource allocation, which NetSuite costs by the employee's labour cost."""

from tieline.connectors.netsuite.people import employee_of
from tieline.connectors.netsuite.records import Kind, Site, rendered, upsert
from tieline.model.staffing import CostForecast
from tieline.sdk.operation import Links, Operation, Payload

KIND = Kind(
    target="cost_forecast",
    record_type="resourceAllocation",
    words="Allocation",
    label="notes",
    made=("allocationResource.id",),
    closed={"allocationAmount": 0},
)
RESOURCE = "allocationResource"


def ensure_cost_forecast(site: Site) -> Operation[CostForecast]:
    """The allocation of a person; link `project`."""
    base = rendered(site.mappings[KIND.target])

    def render(record: CostForecast, links: Links) -> Payload:
        # The employee's id is looked up when it is sent; until then the payload names the person.
        return {**base(record, links), RESOURCE: {"email": record.person}}

    def prepare(payload: Payload, record_id: str | None) -> Payload:
        return {**payload, RESOURCE: {"id": employee_of(site.client, payload[RESOURCE]["email"])}}

    return upsert(site, KIND, render=render, prepare=prepare)
