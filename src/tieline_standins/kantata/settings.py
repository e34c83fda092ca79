"""What an administrator sets up in Kantata, and what the fact sheet leaves open about its behaviour."""

from dataclasses import dataclass, field, fields, replace

from tieline_standins.core.http import Json
from tieline_standins.core.vendor import ControlError


@dataclass(frozen=True, slots=True)
class Settings:
    """Changed with `POST /__standin__/customize {"settings": {…}}`. [INF] marks behaviour no source describes."""

    # Sheet 6: Subscribed Events is a paid add-on; off, the endpoint answers 403.
    events_addon: bool = False
    # Sheet 6: the API documentation says 9 days, an older help text 7.
    events_retention_days: int = 9
    # Sheet 6: "lagging"; an event becomes visible this much later. How long is not published [INF].
    events_lag_seconds: int = 0
    # Sheet 6: "may be duplicated"; every n-th event is listed twice, 0 = none [INF].
    events_duplicate_every: int = 0
    # Sheet 6: "unordered"; every n-th event bears the time of the one before it and precedes it, 0 = none [INF].
    events_disorder_every: int = 0
    # Sheet 2: nothing is said about names an endpoint does not know. "ignore" or "refuse" (400) [INF].
    unknown_parameters: str = "ignore"
    # Sheet 2: nothing is said about attributes of a body an endpoint does not know. "ignore" or "refuse" (422) [INF].
    unknown_attributes: str = "ignore"
    # Sheet 5: the filter external_reference_service_model_ref is declared integer, the stored value is a string;
    # what a text does there is not described. "refuse" (400) or "match" [INF].
    text_in_integer_ref_filter: str = "refuse"
    # Whether `updated_at` of a time entry or expense moves when only its submission or invoice changes it [INF].
    derived_changes_move_updated_at: bool = False
    # Sheet 4, TimeEntry: `approved` the *filter* counts projects that need no approval; the *field* is not explained.
    approved_field_without_approval: bool = False
    # Whether the time of an approved entry can still be edited by those with the right to [INF].
    approved_entries_editable: bool = True
    # Sheet 4, TimesheetSubmission: "one week"; the longest span between the first and the last day accepted.
    submission_days: int = 7
    # Sheet 1: a member without the right to see costs gets no cost fields (silently absent).
    members_see_costs: bool = False
    # Sheet 2: default filters also apply to `only` (documented for the show route; for `only` [INF]).
    only_applies_default_filters: bool = True
    # Sheet 3: limits exist, their numbers are not public. {operation glob: [requests, seconds]}, empty = none.
    rate_limits: dict[str, Json] = field(default_factory=dict)
    # Sheet 4, Workspace: status_key is an integer such as 501; its catalogue is not in the contract [INF].
    workspace_statuses: dict[str, Json] = field(
        default_factory=lambda: {
            "100": ["grey", "No Status"],
            "300": ["light", "Not Started"],
            "400": ["green", "In Progress"],
            "501": ["green", "Complete"],
            "600": ["red", "On Hold"],
        }
    )


_CHOICES = {
    "unknown_parameters": ("ignore", "refuse"),
    "unknown_attributes": ("ignore", "refuse"),
    "text_in_integer_ref_filter": ("refuse", "match"),
}


def changed(settings: Settings, change: Json) -> Settings:
    """The settings after a change from the control API. Raises ControlError naming what is wrong."""
    if not isinstance(change, dict):
        raise ControlError("`settings` is an object of setting and value")
    known = {item.name: getattr(settings, item.name) for item in fields(settings)}
    for name, value in change.items():
        if name not in known:
            raise ControlError(f"unknown setting {name!r}; known: {', '.join(sorted(known))}")
        if type(value) is not type(known[name]):
            raise ControlError(f"setting {name!r} takes a {type(known[name]).__name__}")
        if name in _CHOICES and value not in _CHOICES[name]:
            raise ControlError(f"setting {name!r} takes one of {', '.join(_CHOICES[name])}")
    for limit in change.get("rate_limits", {}).values():
        if not (isinstance(limit, list) and len(limit) == 2 and all(type(part) is int and part > 0 for part in limit)):
            raise ControlError("`rate_limits` maps an operation glob to [requests, seconds]")
    statuses = change.get("workspace_statuses", settings.workspace_statuses)
    if not statuses or not all(key.isdecimal() and _is_status(value) for key, value in statuses.items()):
        raise ControlError("`workspace_statuses` maps a whole number to [color, message]")
    return replace(settings, **change)


def _is_status(value: Json) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(part, str) for part in value)
