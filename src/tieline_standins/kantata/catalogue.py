"""All resources this stand-in knows, by their plural name."""

from tieline_standins.kantata import (
    billing,
    collaboration,
    custom_fields,
    events,
    expenses,
    people,
    references,
    staffing,
    submissions,
    tasks,
    time_entries,
    workspaces,
)
from tieline_standins.kantata.resource import Resource

RESOURCES: dict[str, Resource] = {
    resource.plural: resource
    for resource in (
        people.USERS,
        people.ACCOUNT_MEMBERSHIPS,
        people.COST_RATES,
        people.ROLES,
        people.RATE_CARDS,
        people.RATE_CARD_VERSIONS,
        people.RATE_CARD_ROLES,
        people.TIME_OFF_ENTRIES,
        collaboration.WORKSPACE_GROUPS,
        workspaces.WORKSPACES,
        collaboration.PARTICIPATIONS,
        collaboration.POSTS,
        tasks.STORIES,
        tasks.STORY_STATE_CHANGES,
        tasks.ASSIGNMENTS,
        staffing.WORKSPACE_RESOURCES,
        staffing.WORKSPACE_ALLOCATIONS,
        staffing.RESOURCE_REQUESTS,
        time_entries.TIME_ENTRIES,
        expenses.EXPENSES,
        expenses.EXPENSE_CATEGORIES,
        submissions.TIMESHEET_SUBMISSIONS,
        submissions.EXPENSE_REPORT_SUBMISSIONS,
        submissions.RESOLUTIONS,
        billing.BILLING_MILESTONES,
        billing.INVOICES,
        billing.EXTERNAL_PAYMENTS,
        custom_fields.CUSTOM_FIELDS,
        custom_fields.CUSTOM_FIELD_CHOICES,
        custom_fields.CUSTOM_FIELD_VALUES,
        references.EXTERNAL_REFERENCES,
        events.SUBSCRIBED_EVENTS,
    )
}
