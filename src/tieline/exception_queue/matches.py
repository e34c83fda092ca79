"""What a steward says of two customers that may be one: the same, different, or (of the same) two again after all."""

from collections.abc import Mapping

from psycopg.types.json import Jsonb

from tieline.engine.audit import audit
from tieline.engine.wake import wake_many
from tieline.exception_queue.actions import NoSuchException, NotPossible
from tieline.store import master_data
from tieline.store.database import Connection, Database, repeating


class NoSuchMatch(NoSuchException):
    """There is no pair of that number."""


@repeating
def same(
    database: Database, pair: int, by: str, reason: str, *, survivor: str | None = None, choices: Mapping[str, str] = {}
) -> int:
    """The two are one. `survivor` stands for both (else the first), `choices` name whose value of a field counts.

    Returns how many processes look again. Nothing is deleted in any system; `different` takes it back.
    """
    with database.transaction() as db:
        return decide_same(db, pair, by=by, reason=reason, survivor=survivor, choices=choices)


@repeating
def different(database: Database, pair: int, by: str, reason: str) -> int:
    """The two are two: nobody is asked again, and what was merged is parted. Returns how many processes look again."""
    if not reason.strip():
        raise NotPossible("say why they are different")
    with database.transaction() as db:
        row = _locked(db, pair)
        if row["state"] == "different":
            raise NotPossible("they are called different already")
        family = _family(db, row)
        master_data.stand_alone(db, pair)
        _decide(db, pair, "different", by, reason, None, {})
        action = "match.parted" if row["state"] == "same" else "match.different"
        audit(db, action, actor=by, object_=f"match:{pair}", detail=_told(row, reason))
        return _wake(db, family)


def decide_same(
    db: Connection, pair: int, *, by: str, reason: str, survivor: str | None, choices: Mapping[str, str]
) -> int:
    """`same` inside a transaction of the caller's."""
    row = _locked(db, pair)
    both = (row["one"], row["other"])
    if row["state"] == "same":
        raise NotPossible("they are one already; say that they are different to choose anew")
    kept = survivor or row["one"]
    if kept not in both:
        raise NotPossible(f"{kept} is neither of the two; they are {both[0]} and {both[1]}")
    if wrong := [field for field, source in choices.items() if source not in both]:
        raise NotPossible(f"the value of {wrong[0]} must come from one of the two: {both[0]} or {both[1]}")
    if apart := master_data.apart(db, *both):
        names = master_data.seen_customers(db, apart)
        told = " and ".join(f"'{names[one].name}'" if one in names else one for one in apart)
        raise NotPossible(f"{told} were called different, and would be one by this; take that back first")
    merged = both[0] if kept == both[1] else both[1]
    master_data.stand_for(db, kept, merged, pair)
    taken = {field: source for field, source in choices.items() if source != kept}
    _decide(db, pair, "same", by, reason, kept, taken)
    detail = _told(row, reason) | {"survivor": kept, "choices": taken}
    audit(db, "match.same", actor=by, object_=f"match:{pair}", detail=detail)
    return _wake(db, _family(db, row))


def _locked(db: Connection, pair: int) -> dict[str, str]:
    row = db.execute("select one, other, state from match_pair where id = %s for update", [pair]).fetchone()
    if row is None:
        raise NoSuchMatch(f"There is no pair {pair}; list them with: tieline matches")
    return row


def _decide(
    db: Connection, pair: int, state: str, by: str, reason: str, survivor: str | None, choices: Mapping[str, str]
) -> None:
    db.execute(
        "update match_pair set state = %s, decided_by = %s, decided_at = clock_timestamp(), reason = %s,"
        " survivor = %s, choices = %s where id = %s",
        [state, by, reason, survivor, Jsonb(dict(choices)), pair],
    )


def _told(row: Mapping[str, str], reason: str) -> dict[str, object]:
    return {"customers": [row["one"], row["other"]], "text": reason}


def _family(db: Connection, row: Mapping[str, str]) -> list[str]:
    return [*master_data.family_of(db, row["one"]), *master_data.family_of(db, row["other"])]


def _wake(db: Connection, customers: list[str]) -> int:
    """The contracts of these customers look again at what their systems hold."""
    rows = db.execute(
        "select distinct v.contract_id, e.id from engagement e join contract_version v on v.engagement_id = e.id"
        " where e.customer_id = any (%s) and e.closed_at is null order by v.contract_id",
        [customers],
    ).fetchall()
    wake_many(db, [("contract_to_project", row["contract_id"], row["id"]) for row in rows], "decision")
    return len(rows)
