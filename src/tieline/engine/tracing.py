"""Business tracing: one trace per engagement, over all flows, systems and days, as OpenTelemetry spans.

The trace's id follows from the engagement's id, so whoever writes a span of it, in whichever process, joins the same
trace. Nothing is imported and nothing is paid unless the OTEL_* variables name an exporter.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tieline.model.ids import derived
from tieline.sdk.secrets import scrub

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

_tracer: "Tracer | None" = None


class Noted:
    """A span under way; facts can be added. This one is of nobody: tracing is off."""

    def note(self, **facts: Any) -> None:
        """Add attributes, named `tieline.…`."""

    def __enter__(self) -> "Noted":
        return self

    def __exit__(self, *_: object) -> None:
        return None


_OFF = Noted()


class _Recorded(Noted):
    def __init__(self, span: "Span") -> None:
        self._span = span

    def note(self, **facts: Any) -> None:
        self._span.set_attributes(_attributes(facts))


def span(name: str, *, thread: str | None = None, **facts: Any) -> AbstractContextManager[Noted]:
    """A span of what happens within; in the trace of the engagement `thread`, else within the current span.

    Facts are ids, names, states and counts; never a secret, rate or payload.
    """
    return _OFF if _tracer is None else _open(_tracer, name, thread, facts)


def record(name: str, engagement: str, started: datetime, ended: datetime, **facts: Any) -> None:
    """A span of what is over already."""
    if _tracer is not None:
        written = _tracer.start_span(
            name,
            context=_thread(engagement),
            attributes=_attributes({"engagement": engagement, **facts}),
            start_time=_nanoseconds(started),
        )
        written.end(end_time=_nanoseconds(ended))


def trace_id(engagement: str) -> int:
    """The trace of an engagement. A deal has no engagement yet, and is traced under the one it will open."""
    whole = derived("engagement", engagement) if engagement.startswith("opp_") else engagement
    return int.from_bytes(hashlib.sha256(f"tieline:{whole}".encode()).digest()[:16], "big")


@contextmanager
def _open(tracer: "Tracer", name: str, thread: str | None, facts: Mapping[str, Any]) -> Iterator[Noted]:
    context = _thread(thread) if thread is not None else None
    with tracer.start_as_current_span(
        name, context=context, attributes=_attributes(facts), record_exception=False, set_status_on_exception=False
    ) as opened:
        yield _Recorded(opened)


def _thread(engagement: str) -> "Context":
    """The context whose parent is the engagement itself."""
    from opentelemetry import trace

    number = trace_id(engagement)
    root = trace.SpanContext(
        number, (number & (2**64 - 1)) or 1, is_remote=True, trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED)
    )
    return trace.set_span_in_context(trace.NonRecordingSpan(root))


def _attributes(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"tieline.{name}": scrub(value) if isinstance(value, str) else value
        for name, value in facts.items()
        if value is not None
    }


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1000


class TracingUnavailable(RuntimeError):
    """Traces are asked for, but cannot be sent; the text says what to do."""


def wanted(environment: Mapping[str, str]) -> bool:
    """Whether the variables of OpenTelemetry ask for traces."""
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    exporter = environment.get("OTEL_TRACES_EXPORTER", "")
    endpoints = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    return exporter != "none" and (exporter == "otlp" or any(environment.get(name) for name in endpoints))


@contextmanager
def tracing(version: str) -> Iterator[None]:
    """Send traces while this lasts, if they are wanted. Raises TracingUnavailable."""
    global _tracer
    if not wanted(os.environ):
        yield
        return
    provider = _provider(version)
    _tracer = provider.get_tracer("tieline", version)
    try:
        yield
    finally:
        _tracer = None
        provider.shutdown()


def _provider(version: str) -> "TracerProvider":
    names = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
    protocol = next((os.environ[name] for name in names if os.environ.get(name)), "http/protobuf")
    if protocol != "http/protobuf":
        raise TracingUnavailable(f"Tieline sends traces as http/protobuf, not {protocol}; change {names[1]}.")
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise TracingUnavailable(
            "The OTEL_* variables ask for traces, but OpenTelemetry is not installed. Install it with:"
            " pip install 'tieline[otel]', or unset them."
        ) from error
    name = os.environ.get("OTEL_SERVICE_NAME", "tieline")
    provider = TracerProvider(resource=Resource.create({"service.name": name, "service.version": version}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider
