"""Kantata stand-in: Subscribed Events, the polled change feed of the add-on (fact sheet, section 6)."""

from typing import Any

from tests.standins.kantata_account import Account, error

DAY = 86_400


def types(kantata: Account, **params: Any) -> list[str]:
    return [event["event_type"] for event in kantata.listed("subscribed_events", order="created_at:asc", **params)]


def test_the_feed_takes_the_add_on_and_an_administrator(kantata: Account) -> None:
    assert error(kantata.call("GET", "subscribed_events"))[:2] == (403, "system")
    kantata.settings(events_addon=True)
    member = kantata.as_("kantata-tom.okafor")
    assert error(member.call("GET", "subscribed_events.json"))[:2] == (403, "system")
    assert kantata.listed("subscribed_events") == []


def test_creating_changing_and_deleting_leave_events_with_their_subject(kantata: Account) -> None:
    kantata.settings(events_addon=True)
    workspace = kantata.workspace()
    entry = kantata.entry(workspace)
    kantata.update("time_entries", entry, time_in_minutes=30)
    alive = kantata.read("subscribed_events", event_types="time_entry:created,time_entry:updated", include="subject")
    assert [event["subject_ref"] for event in alive["subscribed_events"].values()] == [
        {"key": "time_entries", "id": entry}
    ] * 2
    assert alive["time_entries"][entry]["time_in_minutes"] == 30
    kantata.call("DELETE", f"time_entries/{entry}")
    assert types(kantata, subject_type="TimeEntry") == [
        "time_entry:created",
        "time_entry:updated",
        "time_entry:deleted",
    ]
    gone = kantata.listed("subscribed_events", event_types="time_entry:deleted", include="subject")
    assert [(event["subject_id"], event["subject_ref"]) for event in gone] == [(int(entry), None)]


def test_payloads_come_on_request(kantata: Account) -> None:
    kantata.settings(events_addon=True)
    entry = kantata.entry(kantata.workspace())
    kantata.update("time_entries", entry, time_in_minutes=30)
    assert "payload_changes" not in kantata.listed("subscribed_events")[0]
    fields = {"event_types": "time_entry:updated", "optional_fields": "payload_changes,previous_payload"}
    (event,) = kantata.listed("subscribed_events", **fields)
    assert event["payload_changes"]["time_in_minutes"] == [60, 30]
    assert event["previous_payload"]["time_in_minutes"] == 60


def test_the_feed_is_filtered_and_paged(kantata: Account) -> None:
    kantata.settings(events_addon=True)
    workspace = kantata.workspace()
    for hour in range(5):
        kantata.control("clock", {"at": f"2026-11-02T0{hour}:00:00Z"})
        kantata.entry(workspace)
    kantata.control("clock", {"at": "2026-11-03T00:00:00Z"})
    created = {"event_types": "time_entry:created", "created_after": "2026-11-02T00:30:00Z"}
    assert len(types(kantata, **created)) == 4
    assert len(types(kantata, created_before="2026-11-02T03:30:00Z", **created)) == 3
    page = kantata.read("subscribed_events", per_page=3, page=2, **created)
    assert (page["meta"]["page_count"], len(page["results"])) == (2, 1)
    assert len(types(kantata, most_recent="true", subject_type="TimeEntry", subject_ids="1,2")) == 2
    both = {"most_recent": "true", "most_recent_by_event_type": "true"}
    assert error(kantata.call("GET", "subscribed_events", **both))[:2] == (400, "system")


def test_events_are_forgotten_after_nine_days(kantata: Account) -> None:
    kantata.settings(events_addon=True)
    kantata.workspace()
    kantata.control("clock", {"offset_seconds": 9 * DAY - 60})
    assert "workspace:created" in types(kantata)
    kantata.control("clock", {"offset_seconds": 9 * DAY + 60})
    assert types(kantata) == []


def test_events_may_come_late_twice_and_in_disorder(kantata: Account) -> None:
    kantata.settings(events_addon=True, events_lag_seconds=300)
    for hour in (1, 2, 3, 4):
        kantata.control("clock", {"at": f"2026-11-02T0{hour}:00:00Z"})
        kantata.create("workspace_groups", name=f"Customer {hour}")
    assert len(types(kantata)) == 3
    kantata.control("clock", {"at": "2026-11-02T05:00:00Z"})
    assert len(types(kantata)) == 4
    kantata.settings(events_duplicate_every=2, events_disorder_every=2)
    listed = kantata.read("subscribed_events", order="created_at:asc")
    assert [result["id"] for result in listed["results"]] == ["1", "2", "2", "3", "4", "4"]
    events = listed["subscribed_events"]
    assert events["2"]["created_at"] == events["1"]["created_at"] < events["2"]["subject_changed_at"]


def test_the_catalogue_names_each_type_with_its_fields(kantata: Account) -> None:
    kantata.settings(events_addon=True)
    catalogue = {
        one["event_type"]: one["fields"] for one in kantata.read("subscribed_events/event_types")["event_types"]
    }
    assert "time_in_minutes" in catalogue["time_entry:updated"]
    assert not [name for name in catalogue if name.startswith(("external_payment", "resource_request"))]
