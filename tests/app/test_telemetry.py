"""Spans arrive at a collector over real HTTP."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from app.settings import Settings
from app.telemetry import configure_tracing


@pytest.fixture
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    got: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on the test's output."""

    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    thread.join()
    server.server_close()


def test_without_an_endpoint_nothing_is_set_up() -> None:
    assert configure_tracing(Settings(_env_file=None, otel_exporter_otlp_endpoint=""), "worker") is None


def test_a_span_reaches_the_collector(collector: tuple[str, list[tuple[str, bytes]]]) -> None:
    url, got = collector
    provider = configure_tracing(Settings(_env_file=None, otel_exporter_otlp_endpoint=url), "worker")
    assert provider is not None
    with provider.get_tracer("test").start_as_current_span("stripe_customer_to_netsuite"):
        pass
    provider.force_flush()
    provider.shutdown()
    [(path, body)] = got
    assert (path, b"stripe_customer_to_netsuite" in body, b"tieout" in body) == ("/v1/traces", True, True)
