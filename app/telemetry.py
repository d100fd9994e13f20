"""Traces over OTLP, when OTEL_EXPORTER_OTLP_ENDPOINT says where to: one span an attempt, with every id on it."""

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from app.settings import Settings


def configure_tracing(settings: Settings, part: str) -> TracerProvider | None:
    """Once per process, after any fork; without an endpoint spans cost next to nothing and go nowhere."""
    endpoint = settings.otel_exporter_otlp_endpoint.rstrip("/")
    if not endpoint:
        return None
    provider = TracerProvider(resource=Resource.create({"service.name": "tieout", "tieout.part": part}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")))
    trace.set_tracer_provider(provider)
    return provider
