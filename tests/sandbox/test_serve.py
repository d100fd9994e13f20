"""Starting and stopping the servers."""

from __future__ import annotations

import threading
from pathlib import Path

import httpx
import pytest

from sandbox import serve
from sandbox.credentials import Credentials
from sandbox.faults import Receive, Scope, Send
from sandbox.serve import Sandbox, serving


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture(scope="module")
def credentials(tmp_path_factory: pytest.TempPathFactory) -> Credentials:
    return Credentials.load(tmp_path_factory.mktemp("credentials"))


def test_an_app_is_served_until_the_block_ends() -> None:
    with serving(_app) as url:
        assert httpx.get(url, trust_env=False).status_code == 204
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)


def test_a_port_that_is_taken_is_an_error() -> None:
    with serving(_app) as url, pytest.raises(OSError, match="in use"), serving(_app, int(url.rsplit(":")[-1])):
        pass


def test_it_listens_on_this_machine_only() -> None:
    with serving(_app) as url:
        assert url.startswith("http://127.0.0.1:")


def test_both_servers_run_and_share_the_clock(credentials: Credentials) -> None:
    with Sandbox.running(credentials=credentials) as sandbox:
        for url in (sandbox.stripe_url, sandbox.netsuite_url):
            assert httpx.get(f"{url}/_sandbox/clock", trust_env=False).status_code == 200
        assert sandbox.netsuite.clock is sandbox.stripe.clock is sandbox.clock


def test_the_environment_points_at_the_running_servers(credentials: Credentials) -> None:
    with Sandbox.running(credentials=credentials, with_netsuite=False) as sandbox:
        assert sandbox.env["STRIPE__MAIN__API_BASE"] == sandbox.stripe_url


def test_events_go_to_the_tieout_it_is_told(credentials: Credentials) -> None:
    with Sandbox.running(credentials=credentials, with_netsuite=False, deliver_to="http://127.0.0.1:9") as sandbox:
        (endpoint,) = sandbox.stripe.account.kind("webhook_endpoint").values()
        assert endpoint["url"] == "http://127.0.0.1:9/webhooks/stripe/main"


def test_without_a_folder_the_credentials_are_for_once() -> None:
    with Sandbox.running(with_netsuite=False) as sandbox:
        folder = sandbox.credentials.folder
        assert folder.exists()
    assert not folder.exists()


def test_the_environment_is_printed_for_given_ports(credentials: Credentials) -> None:
    lines = serve.env_lines(stripe_port=1, netsuite_port=2, folder=credentials.folder)
    assert (lines["STRIPE__MAIN__API_BASE"], lines["NETSUITE__API_BASE"]) == (
        "http://127.0.0.1:1",
        "http://127.0.0.1:2",
    )


def test_run_forever_ends_when_told(credentials: Credentials, capsys: pytest.CaptureFixture[str]) -> None:
    stop = threading.Event()
    stop.set()
    serve.run_forever(0, 0, deliver_to=None, folder=Path(credentials.folder), stop=stop)
    printed = capsys.readouterr().out
    assert "Stripe   http://127.0.0.1:" in printed
    assert "Scripts  customscript_tieout_restlet, customscript_tieout_user_event from " in printed
