"""Kantata stand-in: whatever a client sends, it answers in the vendor's format and never with a traceback."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import examples
from tests.standins.kantata_account import singular
from tieline_standins.core.clock import Clock
from tieline_standins.core.http import Request
from tieline_standins.core.ledger import Ledger
from tieline_standins.core.vendor import Context
from tieline_standins.kantata.catalogue import RESOURCES
from tieline_standins.kantata.vendor import KantataVendor

NAMES = sorted(
    {name for resource in RESOURCES.values() for name in resource.fields}
    | {association.field for resource in RESOURCES.values() for association in resource.associations.values()}
    | {"custom_fields", "external_reference", "assignments", "participations", "line_item_ids", "submission_ids"}
    | {"additional_items", "fixed_fee_items", "workspace_ids", "resource_workspace_id", "resource_role_id"}
    | {"workspace_allocation_start_date", "workspace_allocation_end_date", "workspace_allocation_percentage"}
)
PARAMETERS = sorted(
    {name for resource in RESOURCES.values() for name in resource.filters}
    | {"page", "per_page", "limit", "offset", "order", "only", "include", "optional_fields", "search", "ids"}
    | {"created_after", "updated_before", "external_reference_service_model_refs", "has_external_references"}
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 12)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["1", "2", "2026-11-02", "2026-11-02T08:00:00Z", "true", "task", "number", "Workspace", "User"])
)
LEAVES = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.sampled_from(NAMES), SCALARS, max_size=3)
VALUES = LEAVES | st.lists(st.dictionaries(st.sampled_from(NAMES), LEAVES, max_size=3), max_size=2)
EXTRA = ["custom_fields", "external_reference", "assignments", "participations", "line_item_ids", "submission_ids"]
EXTRA += ["additional_items", "fixed_fee_items", "workspace_ids", "resource_workspace_id", "resource_role_id"]
EXTRA += [f"workspace_allocation_{name}" for name in ("start_date", "end_date", "percentage")]


PATHS = [f"{plural}{rest}" for plural in RESOURCES for rest in ("", "/1", "/me")]
PATHS += ["timesheet_submissions/1/approve", "expense_report_submissions/1/reject", "timesheet_cancellations"]
PATHS += ["external_references/create_or_update", "workspace_allocations/split", "invoices/1/cancel", "resolutions"]


def a_full_account() -> KantataVendor:
    """One record of nearly every kind, so that ids 1 exist."""
    clock = Clock()
    vendor = KantataVendor(Context(clock, Ledger(clock)))
    fields: list[tuple[str, dict[str, Any]]] = [
        ("workspace_groups", {"name": "Bluepeak Energy"}),
        ("workspaces", {"title": "A", "price": 100, "budgeted": True}),
        ("stories", {"title": "T", "workspace_id": 1}),
        ("workspace_resources", {"workspace_id": 1, "role_id": 1}),
        (
            "workspace_allocations",
            {"resource_id": 1, "start_date": "2026-11-01", "end_date": "2026-11-05", "minutes": 9},
        ),
        ("time_entries", {"workspace_id": 1, "time_in_minutes": 60, "date_performed": "2026-11-02"}),
        ("timesheet_submissions", {"workspace_id": 1, "title": "W", "line_item_ids": [1]}),
        ("billing_milestones", {"title": "M", "amount_in_cents": 100, "workspace_id": 1}),
        ("invoices", {"workspace_id": 1, "payment_schedule": 1, "billing_milestone_ids": [1]}),
        ("custom_fields", {"name": "R", "value_type": "single", "subject_type": "Workspace"}),
        ("custom_field_choices", {"label": "EMEA", "custom_field_id": 1}),
    ]
    for plural, values in fields:
        assert sent(vendor, "POST", plural, {singular(plural): values}).status == 200
    return vendor


def sent(vendor: KantataVendor, method: str, path: str, body: Any, query: str = "") -> Any:
    headers = {"authorization": "Bearer kantata-admin-token", "content-type": "application/json"}
    content = json.dumps(body).encode(errors="surrogatepass")
    return vendor.handle(Request(method, f"/api/v1/{path}", query, headers, content))


def own_names(path: str) -> list[str]:
    """The names the resource of a path knows, so that many values reach its rules."""
    resource = RESOURCES.get(path.partition("/")[0])
    if resource is None:
        return ["description", *EXTRA]
    return [*resource.fields, *(association.field for association in resource.associations.values()), *EXTRA]


def calls_to(path: str) -> st.SearchStrategy[tuple[str, str, Any, dict[str, Any], bool]]:
    return st.tuples(
        st.sampled_from(["POST", "PUT", "DELETE", "GET"]),
        st.just(path),
        st.dictionaries(st.sampled_from(own_names(path)), VALUES, max_size=9),
        st.dictionaries(st.sampled_from(PARAMETERS), SCALARS, max_size=3),
        st.booleans(),
    )


@given(st.lists(st.sampled_from(PATHS).flatmap(calls_to), min_size=1, max_size=12))
@settings(max_examples=examples(30))
def test_no_sequence_of_requests_makes_a_traceback(calls: list[tuple[str, str, Any, dict[str, Any], bool]]) -> None:
    vendor = a_full_account()
    vendor.customize({"settings": {"events_addon": True}})
    for method, path, what, params, bulk in calls:
        plural = path.partition("/")[0]
        name = "resolution" if plural.startswith("timesheet_") and plural not in RESOURCES else singular(plural)
        body = {plural: [what, what]} if bulk else {name: what}
        query = "&".join(f"{key}={value}" for key, value in params.items() if str(value).isascii())
        response = sent(vendor, method, path, body, query)
        assert response.status in (200, 204, 400, 403, 404, 422)
        if response.status >= 400:
            assert {error["type"] for error in json.loads(response.body)["errors"]} <= {"system", "validation"}
        elif response.status == 200:
            json.loads(response.body)
    for plural, resource in RESOURCES.items():
        if "list" in resource.verbs:
            everything = ",".join(resource.associations)
            query = f"include={everything}&subject_type=Workspace&per_page=200"
            assert sent(vendor, "GET", plural, None, query).status == 200
