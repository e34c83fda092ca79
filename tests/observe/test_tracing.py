"""Business tracing: one trace per engagement, sent as OTLP to a real receiver, and nothing at all when off."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.engine.conftest import Bench
from tests.engine.ledger_vendor import LedgerVendor, Thing
from tieline.engine import tracing
from tieline.engine.limits import Governor
from tieline.engine.run import Run
from tieline.engine.tracing import TracingUnavailable, trace_id, wanted
from tieline.model.ids import born_outside, derived
from tieline.sdk.connector import Limits
from tieline.sdk.errors import Rejected
from tieline.sdk.operation import Payload
from tieline.sdk.secrets import know_secret
from tieline.store.database import Database


class Receiver(ThreadingHTTPServer):
    """An OTLP collector."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        super().__init__(("127.0.0.1", 0), Taking)

    def named(self, name: str) -> list[Any]:
        return [span for span in self.spans if span.name == name]


class Taking(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.server.spans += scope.spans
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_args: Any) -> None:
        return


def facts(span: Any) -> dict[str, str]:
    return {item.key: item.value.string_value for item in span.attributes}


@pytest.fixture
def collect(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[], object]], Receiver]]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")

    def during(work: Callable[[], object]) -> Receiver:
        with tracing.tracing("test"):
            work()
        return server

    yield during
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def bench(database: str) -> Iterator[Bench]:
    opened = Database(database)
    yield Bench(opened)
    opened.close()


def test_two_runs_of_an_engagement_in_two_systems_are_one_trace(
    bench: Bench, collect: Callable[[Callable[[], object]], Receiver]
) -> None:
    erp, psa = LedgerVendor(name="erp"), LedgerVendor(name="psa")
    governor = Governor(bench.database, "erp", "acme", Limits())

    def calling(payload: Payload, key: str) -> Any:
        with governor.call():
            return erp._create(None, payload, key)  # type: ignore[arg-type]

    from dataclasses import replace

    operation = replace(erp.operation(), create=calling)

    def first(run: Run, key: str, systems: Any) -> None:
        run.ensure_each("Things in ERP", operation, [Thing(id="thg_1", name="A"), Thing(id="thg_2", name="B")])

    def second(run: Run, key: str, systems: Any) -> None:
        run.ensure("Thing in PSA", psa.operation(), Thing(id="thg_1", name="A"))

    bench.flows.update(first=first, second=second)

    def work() -> None:
        bench.look("first", engagement="eng_1")
        bench.look("second", engagement="eng_1")
        bench.look("second", "other", engagement="eng_2")

    found = collect(work)
    governor.close()
    of_one = [span for span in found.spans if span.trace_id == trace_id("eng_1").to_bytes(16, "big")]
    assert sorted(span.name for span in of_one) == [
        "Call of erp", "Call of erp", "Thing in PSA", "Things in ERP", "Things in ERP", "first", "second",
    ]  # fmt: skip
    run, effect, call = found.named("first")[0], found.named("Things in ERP")[0], found.named("Call of erp")
    assert effect.parent_span_id == run.span_id
    assert {one.parent_span_id for one in call} == {one.span_id for one in found.named("Things in ERP")}
    assert facts(run)["tieline.engagement"] == "eng_1"
    assert facts(run)["tieline.state"] == "done"
    assert {name: facts(effect)[f"tieline.{name}"] for name in ("flow", "connection", "engagement", "outcome")} == {
        "flow": "first",
        "connection": "erp",
        "engagement": "eng_1",
        "outcome": "confirmed",
    }
    assert {facts(one)["tieline.effect"] for one in found.named("Things in ERP")} == {"thing:thg_1", "thing:thg_2"}


def test_a_deal_is_traced_under_the_engagement_it_will_open() -> None:
    opportunity = born_outside("org", "opportunity", "006")
    assert trace_id(opportunity) == trace_id(derived("engagement", opportunity))
    assert trace_id(opportunity) != trace_id(born_outside("org", "opportunity", "007"))


def test_what_is_over_already_joins_the_trace_with_its_own_times(
    collect: Callable[[Callable[[], object]], Receiver],
) -> None:
    ended = datetime(2026, 11, 1, 12, tzinfo=UTC)
    found = collect(
        lambda: tracing.record("Time posted", "eng_1", ended - timedelta(hours=2), ended, connection="erp", records=7)
    )
    (span,) = found.spans
    assert span.trace_id == trace_id("eng_1").to_bytes(16, "big")
    assert (span.end_time_unix_nano - span.start_time_unix_nano) == 2 * 3600 * 10**9


def test_a_secret_in_a_vendors_words_is_not_exported(
    bench: Bench, collect: Callable[[Callable[[], object]], Receiver]
) -> None:
    know_secret("planted-in-an-answer")
    vendor = LedgerVendor()

    def refuse() -> None:
        raise Rejected("erp", "the key planted-in-an-answer is wrong", key="x")

    vendor.before_call = refuse

    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure("Thing in ERP", vendor.operation(), Thing(id="thg_1", name="A"))

    bench.flows["f"] = flow
    found = collect(lambda: bench.look("f"))
    assert "planted" not in str(found.spans)
    assert facts(found.named("Thing in ERP")[0])["tieline.problem"] == "the key ••• is wrong"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "x"}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://x"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "true"}, False),
    ],
)
def test_traces_are_sent_only_when_the_variables_ask_for_it(environment: dict[str, str], expected: bool) -> None:
    assert wanted(environment) is expected


def test_a_protocol_we_do_not_speak_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    with pytest.raises(TracingUnavailable, match="http/protobuf"), tracing.tracing("test"):
        pass


def test_nothing_of_opentelemetry_is_loaded_when_it_is_off() -> None:
    code = (
        "import sys; from tieline.engine import tracing\n"
        "with tracing.tracing('x'), tracing.span('a', thread='eng_1') as s: s.note(b=1)\n"
        "print([m for m in sys.modules if m.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={})
    assert done.stdout == "[]\n"


def test_without_the_package_the_command_to_install_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(TracingUnavailable, match=r"pip install 'tieline\[otel\]'"), tracing.tracing("test"):
        pass
