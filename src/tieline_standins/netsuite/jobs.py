"""Asynchronous requests: accepted now, worked on a little later, asked after by job and task (fact sheet section 4)."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tieline_standins.core.clock import Clock
from tieline_standins.core.http import Json, Request, Response
from tieline_standins.netsuite.errors import RefusalError, no_such_record
from tieline_standins.netsuite.paging import list_response, page_of
from tieline_standins.netsuite.preferences import preferences
from tieline_standins.netsuite.settings import Settings

JOB_PATH = "/services/rest/async/v1/job"
Work = Callable[[], Response]


@dataclass(slots=True)
class Job:
    """One accepted request; `works` are its tasks, `results` their outcomes once it is done."""

    id: int
    due: datetime
    works: list[Work]
    shuffled: bool
    results: dict[int, Response] = field(default_factory=dict)
    done: bool = False


class Jobs:
    """All jobs of the account. They are worked on in the order they were accepted, at the instant they are due, so a
    replay of the requests gives the same records."""

    def __init__(self, clock: Clock, settings: Settings, seed: int) -> None:
        self._clock = clock
        self._settings = settings
        self._seed = seed
        self._jobs: dict[int, Job] = {}
        self._waiting: list[Job] = []
        self._keys: dict[str, int] = {}

    def accept(self, request: Request, works: list[Work]) -> Response:
        """202 with the job's address. Raises RefusalError (IDEMPOTENCY_ERROR) for a key that was used before."""
        key = request.headers.get("x-netsuite-idempotency-key")
        if key is not None and key in self._keys:
            raise self._used(request, self._keys[key])
        due = self._clock.now() + timedelta(milliseconds=self._settings.job_milliseconds)
        wanted = preferences(request)
        job = Job(len(self._jobs) + 1, due, works, wanted.get("batch-processing") == "parallel")
        self._jobs[job.id] = job
        self._waiting.append(job)
        if key is not None:
            self._keys[key] = job.id
        delay = (self._settings.job_milliseconds + 1) / 1000
        asyncio.get_running_loop().call_later(delay, self.run_due)
        headers = [("location", _address(request, job.id)), ("preference-applied", "respond-async")]
        return Response(202, headers=headers, changed=True)

    def _used(self, request: Request, number: int) -> RefusalError:
        text = (
            "A request with the same idempotency key is already submitted. "
            'See the "Location" header for a link to the previously submitted job'
        )
        return RefusalError("IDEMPOTENCY_ERROR", text, title="Conflict", location=_address(request, number))

    def run_due(self) -> None:
        """Work on every job that is due."""
        while self._waiting and self._waiting[0].due <= self._clock.now():
            job = self._waiting.pop(0)
            with self._clock.pinned(job.due):
                self._work(job)

    def _work(self, job: Job) -> None:
        order = list(range(len(job.works)))
        if job.shuffled:  # parallel: no order is promised
            random.Random(self._seed + job.id).shuffle(order)  # noqa: S311  repeatable, not secret
        for index in order:
            try:
                job.results[index + 1] = job.works[index]()
            except RefusalError as error:
                job.results[index + 1] = error.response()
        job.works.clear()
        job.done = True

    def answer(self, request: Request, parts: list[str]) -> Response:
        """`job/{id}`, `.../task`, `.../task/{n}`, `.../task/{n}/result`. Raises RefusalError."""
        job = self._jobs.get(_number(parts[0])) if parts else None
        if job is None or request.method != "GET":
            raise no_such_record()
        match parts[1:]:
            case []:
                return Response(200, self._show(request, job))
            case ["task"]:
                return self._list_tasks(request, job)
            case ["task", task]:
                return Response(200, self._show_task(request, job, _number(task)))
            case ["task", task, "result"]:
                return self._result(request, job, _number(task))
        raise no_such_record()

    def _show(self, request: Request, job: Job) -> Json:
        here = _address(request, job.id)
        return {
            "links": [{"rel": "self", "href": here}],
            "completed": job.done,
            "id": str(job.id),
            "progress": "succeeded" if job.done else "pending",
            "task": {"links": [{"rel": "self", "href": f"{here}/task"}]},
        }

    def _tasks(self, job: Job) -> range:
        return range(1, 1 + max(len(job.works), len(job.results)))

    def _list_tasks(self, request: Request, job: Job) -> Response:
        page = page_of(request)
        here = _address(request, job.id)
        items = [{"links": [{"rel": "self", "href": f"{here}/task/{n}"}], "id": str(n)} for n in self._tasks(job)]
        return list_response(request, page, len(items), page.of(items))

    def _show_task(self, request: Request, job: Job, number: int) -> Json:
        if number not in self._tasks(job):
            raise no_such_record()
        here = f"{_address(request, job.id)}/task/{number}"
        result = job.results.get(number)
        progress = "pending" if result is None else "succeeded" if result.status < 400 else "failed"
        return {
            "links": [{"rel": "self", "href": here}],
            "completed": result is not None,
            "id": str(number),
            "progress": progress,
            "result": {"links": [{"rel": "self", "href": f"{here}/result"}]},
        }

    def _result(self, request: Request, job: Job, number: int) -> Response:
        """Plays the original answer back; wants `Prefer: transient`."""
        if "transient" not in preferences(request):
            raise RefusalError("INVALID_HEADER", "The Prefer header must be set to transient.", header="Prefer")
        result = job.results.get(number)
        if result is None:
            raise no_such_record()
        return Response(result.status, result.body, result.headers, changed=False)


def _address(request: Request, number: int) -> str:
    return f"{request.base_url}{JOB_PATH}/{number}"


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
