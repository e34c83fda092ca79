"""Withdrawing what is no longer demanded: closed or cancelled in the target, never deleted."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tieline.engine.effect import Effect, read_effects
from tieline.engine.problem import problem_of
from tieline.engine.step import Step
from tieline.sdk.errors import Rejected, Unavailable
from tieline.sdk.operation import Operation

if TYPE_CHECKING:
    from tieline.engine.run import Run


def withdraw_each(run: "Run", label: str, operation: Operation[Any], subjects: list[str]) -> None:
    """Withdraw the effects of these subjects that exist in the target. Refused or unsupported: an exception."""
    effects = read_effects(run.db, operation.connection, operation.target, subjects, run.author.engagement)
    for subject in subjects:
        run.demanded.add((operation.connection, operation.target, subject))
        effect = effects.get(subject)
        if effect is None or effect.external_id is None or effect.state == "withdrawn":
            continue
        held = _held(run, operation)
        if held is not None:
            run.steps.append(replace(held, label=label, target=operation.target, subject=subject))
        elif run.foresight is not None:
            run.foresight.withdraw(label, operation, effect)
        else:
            _withdraw(run, label, operation, effect)


def _held(run: "Run", operation: Operation[Any]) -> Step | None:
    """Why nothing may be withdrawn there now. A legal entity's own pause or mode cannot be asked of an id alone."""
    mode = run.controls.mode(run.author.flow, operation.connection, None)
    if mode != "live":
        return Step(label="", what=mode, connection=operation.connection)
    paused = run.controls.pause_of(run.db, run.author.flow, operation.connection, None)
    if paused is None:
        return None
    run.due.append(run.started_at + timedelta(minutes=5))
    return Step(label="", what="waiting", connection=operation.connection, detail=paused.reason)


def _withdraw(run: "Run", label: str, operation: Operation[Any], effect: Effect) -> None:
    assert effect.external_id is not None
    where = {"label": label, "target": operation.target, "subject": effect.subject}
    try:
        if operation.withdraw is None:
            raise Rejected(
                operation.connection,
                f"{operation.system} offers no way to withdraw {operation.target} {effect.external_id}; close it there",
                kind="policy",
            )
        operation.withdraw(effect.external_id)  # closing twice leaves it closed, so no intent is needed
    except Unavailable as error:
        run.due.append(run.started_at + timedelta(seconds=30))
        run.steps.append(Step(what="retrying", connection=operation.connection, detail=error.message, **where))
        return
    except Rejected as error:
        run.problems.append(problem_of(error, **where))
        run.steps.append(Step(what="refused", connection=operation.connection, detail=error.message, **where))
        return
    with run.db.transaction():
        run.begin_changes()
        run.db.execute(
            "update effect set state = 'withdrawn', attempts = attempts + 1, confirmed_hash = null,"
            " changed_at = clock_timestamp() where id = %s",
            [effect.id],
        )
    run.steps.append(Step(what="withdrawn", connection=operation.connection, external_id=effect.external_id, **where))
