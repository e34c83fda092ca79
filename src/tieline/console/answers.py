"""Pages that answer the firm's four questions; each opens with its answer in words and money."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from tieline.app.views.contract_changes import ChangeRow, read_changes
from tieline.app.views.failed_entries import FailedEntries, read_failed
from tieline.app.views.invoice_ready import AGES, ReadyRow, read_ages, read_ready, ready_sums
from tieline.app.views.margin_risk import HeldProject, read_held, read_kinds
from tieline.app.views.paging import snapshot
from tieline.app.views.queue_figures import count_exceptions
from tieline.console.forms import OnDesk
from tieline.console.rendering import page
from tieline.console.words import many, moneys
from tieline.store.database import Connection

router = APIRouter()

QUESTIONS = (
    ("invoice-ready", "Invoice readiness"),
    ("failed-entries", "Entries that failed"),
    ("contract-changes", "Contract changes"),
    ("margin", "Margin at risk"),
)


@router.get("/answers")
def answers() -> RedirectResponse:
    """The first of them."""
    return RedirectResponse("/answers/invoice-ready", 303)


def _page(request: Request, db: Connection, question: str, **content: Any) -> Response:
    return page(
        request,
        f"answer_{question.replace('-', '_')}.html",
        here="answers",
        question=question,
        questions=QUESTIONS,
        title=dict(QUESTIONS)[question],
        counts=count_exceptions(db),
        **content,
    )


@router.get("/answers/invoice-ready")
def invoice_ready(request: Request, desk: OnDesk) -> Response:
    """Which projects are ready to be invoiced."""
    today = datetime.now(UTC).date()
    with snapshot(desk.database) as db:
        rows, ages = read_ready(db, today), read_ages(db, today)
        return _page(
            request,
            db,
            "invoice-ready",
            rows=rows,
            ages=ages,
            age_names=AGES,
            answer=told_ready(rows),
            more="Work of closed months that is billable, checked and on no invoice; what an exception holds is not.",
        )


def told_ready(rows: list[ReadyRow]) -> str:
    """The answer in a sentence."""
    ready = [row for row in rows if row.ready_lines]
    drafts = sum(row.drafts for row in rows)
    tail = f" {many(drafts, 'draft')} {'waits' if drafts == 1 else 'wait'} for finance." if drafts else ""
    if not ready:
        return f"No project has closed work to bill.{tail}"
    return f"{many(len(ready), 'project')} can be billed: {moneys(ready_sums(rows))}.{tail}"


@router.get("/answers/failed-entries")
def failed_entries(request: Request, desk: OnDesk) -> Response:
    """Which approved entries failed to sync."""
    with snapshot(desk.database) as db:
        found = read_failed(db)
        return _page(
            request,
            db,
            "failed-entries",
            found=found,
            answer=told_failed(found),
            more="Approved time, expenses and milestones that have not reached the ERP. None of them is lost.",
        )


def told_failed(found: FailedEntries) -> str:
    """The answer in a sentence."""
    waiting = sum(batch.lines for batch in found.batches)
    tail = f" {many(waiting, 'more line')} {'goes' if waiting == 1 else 'go'} on by themselves." if waiting else ""
    if not found.total:
        return f"No approved entry waits for a person.{tail}"
    waits = "waits" if found.total == 1 else "wait"
    return f"{many(found.total, 'approved entry', 'approved entries')} {waits} for a person.{tail}"


@router.get("/answers/contract-changes")
def contract_changes(request: Request, desk: OnDesk) -> Response:
    """Which contract changes have not propagated."""
    with snapshot(desk.database) as db:
        rows = read_changes(db)
        return _page(
            request,
            db,
            "contract-changes",
            rows=rows,
            answer=told_changes(rows),
            more="A version is through when every system of the engagement holds it.",
        )


def told_changes(rows: list[ChangeRow]) -> str:
    """The answer in a sentence."""
    if not rows:
        return "Every contract change has reached every system."
    people = sum(row.state == "blocked" for row in rows)
    has = "has" if len(rows) == 1 else "have"
    who = f" {people} of them {'needs' if people == 1 else 'need'} a person." if people else ""
    if people == len(rows) == 1:
        who = " It needs a person."
    return f"{many(len(rows), 'contract change')} {has} not reached every system.{who}"


@router.get("/answers/margin")
def margin(request: Request, desk: OnDesk) -> Response:
    """Where margin-impacting exceptions pile up."""
    with snapshot(desk.database) as db:
        rows = read_held(db)
        return _page(
            request,
            db,
            "margin",
            rows=rows,
            kind_rows=read_kinds(db),
            answer=told_margin(rows),
            more="Work that was done and costs money, and cannot be billed until somebody mends its exception.",
        )


def told_margin(rows: list[HeldProject]) -> str:
    """The answer in a sentence."""
    if not rows:
        return "No exception holds billable work."
    sums: dict[str, Decimal] = {}
    for row in rows:
        if row.currency and row.amount:
            sums[row.currency] = sums.get(row.currency, Decimal(0)) + row.amount
    unpriced = sum(row.unpriced for row in rows)
    lines = f"{many(unpriced, 'line')} without a price"
    told = " and ".join(part for part in (moneys(sorted(sums.items())), lines if unpriced else "") if part)
    projects = many(len({row.project for row in rows}), "project")
    return f"Exceptions hold back {told or many(sum(row.lines for row in rows), 'line')}, in {projects}."
