"""The account as it is after a reset: the fictional firm; and many approved time entries for measurements."""

import random
from datetime import date, timedelta
from decimal import Decimal

from tieline_standins.core.http import Json
from tieline_standins.core.vendor import ControlError
from tieline_standins.firm import Entity, Firm, Person
from tieline_standins.kantata.resource import Session
from tieline_standins.kantata.world import Record, World

_CATEGORIES = ("Airfare", "Lodging", "Meals", "Mileage", "Software")
_MAX_ENTRIES = 2_000_000


def people(world: World, firm: Firm) -> dict[str, Session]:
    """Create the people of the firm; returns the default tokens.

    `kantata-admin-token` acts for the approver with the account administrator's rights; everybody also has
    `kantata-<local part of the e-mail address>`, such as `kantata-tom.okafor`, with a member's rights.
    """
    roles = {role.name: world.insert("roles", {"name": role.name}) for role in firm.roles}
    tokens = {}
    for person in firm.people:
        user = _person(world, roles[person.role], person, firm.entity(person.entity))
        tokens[f"kantata-{person.email.partition('@')[0]}"] = Session(user.sid, admin=False)
        if person.approver:
            tokens["kantata-admin-token"] = Session(user.sid, admin=True)
    _rate_cards(world, firm, roles)
    for name in _CATEGORIES:
        world.insert("expense_categories", {"name": name})
    return tokens


def hire(world: World, firm: Firm, wanted: Json) -> Json:
    """More people of the firm: `[{"name", "email", "role", "entity", "bill_rate", "cost_rate"}]`; e-mail -> user id.

    An account administrator invites people in the vendor's screens; its API cannot. Raises ControlError.
    """
    roles = {str(role.data["name"]): role for role in world.all("roles")}
    entities = {entity.code: entity for entity in firm.entities}
    if not isinstance(wanted, list):
        raise ControlError("`hire` takes a list of people")
    people = [_person_of(row) for row in wanted]
    for person in people:
        if person.role not in roles or person.entity not in entities:
            raise ControlError(f"{person.email} needs a role and an entity of the firm")
    return {person.email: _person(world, roles[person.role], person, entities[person.entity]).sid for person in people}


def _person_of(row: Json) -> Person:
    try:
        return Person(
            name=str(row["name"]),
            email=str(row["email"]),
            role=str(row["role"]),
            entity=str(row["entity"]),
            bill_rate=Decimal(str(row["bill_rate"])),
            cost_rate=Decimal(str(row["cost_rate"])),
            approver=False,
        )
    except (KeyError, TypeError, ArithmeticError) as error:
        raise ControlError("a person has name, email, role, entity, bill_rate and cost_rate") from error


def _person(world: World, role: Record, person: Person, entity: Entity) -> Record:
    """A user with membership, rates and cost."""
    data = {"full_name": person.name, "email_address": person.email, "country": entity.country}
    user = world.insert("users", data, {"role": role.sid})
    rates = {"bill_rate_in_cents": int(person.bill_rate * 100), "cost_rate_in_cents": int(person.cost_rate * 100)}
    known = {"full_name": person.name, "email_address": person.email, "is_owner": person.approver}
    links = {"user": user.sid, "default_role": role.sid}
    membership = world.insert("account_memberships", known | rates, links)
    cost = {"rate_in_cents": int(person.cost_rate * 100), "currency": entity.currency}
    world.insert("cost_rates", cost, {"account_membership": membership.sid})
    return user


def _rate_cards(world: World, firm: Firm, roles: dict[str, Record]) -> None:
    """One rate card for each currency, with the highest bill rate of each role."""
    for number, entity in enumerate(firm.entities):
        card_data = {"title": f"Standard {entity.currency}", "currency": entity.currency, "default": number == 0}
        card = world.insert("rate_cards", card_data)
        version = world.insert(
            "rate_card_versions", {"effective_date": "2020-01-01", "currency": entity.currency}, {"rate_card": card.sid}
        )
        for name, role in roles.items():
            rate = max(person.bill_rate for person in firm.people if person.role == name)
            links = {"rate_card_version": version.sid, "role": role.sid}
            world.insert("rate_card_roles", {"rate_in_cents": int(rate * 100)}, links)


def time_entries(world: World, seed: int, session: Session, wanted: Json) -> Json:
    """Create approved time entries in bulk: `{"time_entries": n, "workspace_id"?, "people"?, "story_id"?}`.

    Deterministic for the seed of the stand-in and the request. Raises ControlError.
    """
    count, workspace, users, story = _checked(world, session, wanted)
    chance = random.Random(seed * 1_000_003 + count)  # noqa: S311 - made-up data, nothing secret
    table = world.tables["time_entries"]
    table.views.clear()
    today = date.fromisoformat(world.now()[:10])
    memberships = {m.links["user"]: m for m in world.all("account_memberships")}
    first = table.last_id + 1
    for number in range(count):
        user = users[number % len(users)]
        rates = memberships[user.sid].data
        data = {
            "date_performed": (today - timedelta(days=number % 60)).isoformat(),
            "time_in_minutes": 15 * chance.randint(1, 32),
            "billable": chance.random() < 0.9,
            "notes": f"Work {first + number}",
            "rate_in_cents": rates["bill_rate_in_cents"],
            "cost_rate_in_cents": rates["cost_rate_in_cents"],
            "currency": workspace.data["currency"],
            "currency_symbol": workspace.data["currency_symbol"],
            "approved": True,
        }
        links = {"workspace": workspace.sid, "user": user.sid, "role": user.links["role"], "story": story}
        world.insert("time_entries", data, links)
    return {"workspace_id": workspace.sid, "first_id": str(first), "last_id": str(table.last_id), "count": count}


def _checked(world: World, session: Session, wanted: Json) -> tuple[int, Record, list[Record], str | None]:
    if not isinstance(wanted, dict) or type(wanted.get("time_entries")) is not int:
        raise ControlError('seed takes {"time_entries": n, "workspace_id"?: id, "people"?: n or [user ids]}')
    count = wanted["time_entries"]
    if not 0 < count <= _MAX_ENTRIES:
        raise ControlError(f"`time_entries` must be between 1 and {_MAX_ENTRIES}")
    workspace = world.linked_id("workspaces", wanted.get("workspace_id"))
    if workspace is None:
        if wanted.get("workspace_id") is not None:
            raise ControlError("`workspace_id` names no project")
        workspace = _project(world, session)
    story = world.linked_id("stories", wanted.get("story_id"))
    everybody = list(world.all("users"))
    people_wanted = wanted.get("people", len(everybody))
    if isinstance(people_wanted, list):
        chosen = [user for user in everybody if user.sid in {str(sid) for sid in people_wanted}]
    else:
        chosen = everybody[:people_wanted] if type(people_wanted) is int else []
    if not chosen:
        raise ControlError("`people` must be a number of people or a list of user ids")
    return count, workspace, chosen, story.sid if story else None


def _project(world: World, session: Session) -> Record:
    """A project of its own for seeded entries, which needs approvals as the entries are approved."""
    data = {
        "title": "Seeded project",
        "currency": "USD",
        "currency_symbol": "$",
        "require_time_approvals": True,
        "status": {"color": "green", "key": 400, "message": "In Progress"},
    }
    return world.insert("workspaces", data, {"creator": session.user_id, "primary_maven": session.user_id})
