"""N/https, N/crypto, N/encode, N/url, N/runtime and N/error."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket

import pytest

from sandbox.netsuite import NetSuiteWorld
from sandbox.serve import serving
from tests.sandbox.netsuite.scripts.conftest import Script
from tests.sandbox.netsuite.test_callbacks import Inbox

POST = "return N.https.post({ url: args.url, body: args.body, headers: { 'X-My-Signature': 'v1=abcdef' } });"


def test_a_post_gives_code_headers_and_body(script: Script) -> None:
    inbox = Inbox()
    inbox.status = 202
    with serving(inbox) as url:
        answer = script(POST, url=url, body="{}")
    [(headers, body)] = inbox.received
    assert (answer["code"], answer["body"], headers["x-my-signature"], body) == (202, "", "v1=abcdef", b"{}")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.com/x", "SSS_UNKNOWN_HOST"),
        ("ftp://127.0.0.1/x", "SSS_INVALID_URL"),
        ("nowhere", "SSS_INVALID_URL"),
    ],
)
def test_only_this_machine_is_reached(script: Script, url: str, name: str) -> None:
    assert script.thrown(POST, url=url, body="")[0] == name


def test_nobody_there(script: Script) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        assert script.thrown(POST, url=url, body="")[0] == "SSS_CONNECTION_CLOSED"


def test_a_dropped_request_is_a_timeout(script: Script, world: NetSuiteWorld) -> None:
    script.client.post("/_sandbox/callbacks/chaos", json={"kind": "drop"})
    assert script.thrown(POST, url="http://127.0.0.1:1/", body="")[0] == "SSS_REQUEST_TIME_EXCEEDED"
    assert world.callbacks.counts["dropped"] == 1


def test_a_mac_with_an_api_secret(script: Script, world: NetSuiteWorld) -> None:
    code = """
    const key = N.crypto.createSecretKey({ secret: 'custsecret_tieout_callback', encoding: N.encode.Encoding.UTF_8 });
    const mac = N.crypto.createHmac({ algorithm: N.crypto.HashAlg.SHA256, key });
    mac.update({ input: 'a', inputEncoding: N.encode.Encoding.UTF_8 });
    mac.update({ input: 'b' });
    return [mac.digest({ outputEncoding: N.encode.Encoding.HEX }), JSON.stringify(key)];
    """
    made, key = script(code)
    secret = world.callbacks.secret
    assert made == hmac.new(secret.encode(), b"ab", hashlib.sha256).hexdigest().upper()
    assert secret not in key


def test_an_unknown_secret_is_thrown(script: Script) -> None:
    code = "N.crypto.createSecretKey({ secret: 'custsecret_other', encoding: 'UTF_8' });"
    assert script.thrown(code)[0] == "SSS_INVALID_SECRET"


def test_hashes_and_encodings(script: Script) -> None:
    code = """
    const hash = N.crypto.createHash({ algorithm: N.crypto.HashAlg.SHA1 });
    hash.update({ input: 'a' });
    const convert = (outputEncoding) =>
      N.encode.convert({ string: 'a?', inputEncoding: N.encode.Encoding.UTF_8, outputEncoding });
    return [hash.digest(), convert(N.encode.Encoding.BASE_64), convert(N.encode.Encoding.BASE_32)];
    """
    assert script(code) == [hashlib.sha1(b"a").hexdigest().upper(), "YT8=", "ME7Q===="]


def test_who_and_where(script: Script) -> None:
    code = """
    const current = N.runtime.getCurrentScript();
    return [N.runtime.accountId, N.runtime.executionContext === N.runtime.ContextType.RESTLET, current.id,
      N.runtime.getCurrentUser().id, N.runtime.isFeatureInEffect({ feature: 'MULTICURRENCY' }),
      current.getParameter({ name: 'custscript_nope' })];
    """
    expected = ["TSTDRV1234567", True, "customscript_trial_restlet", 5, True, None]
    assert script(code) == expected


def test_pages_of_records(script: Script) -> None:
    code = """
    const of = (recordType) => N.url.resolveRecord({ recordType, recordId: 12, isEditMode: false });
    return [N.url.resolveDomain({ hostType: N.url.HostType.APPLICATION }), of('invoice'), of('customer')];
    """
    host, invoice, customer = script(code)
    assert host == "tstdrv1234567.app.netsuite.com"
    assert (invoice, customer) == (
        "/app/accounting/transactions/custinvc.nl?id=12",
        "/app/common/entity/custjob.nl?id=12",
    )


def test_logs_are_kept_from_the_deployments_level_on(script: Script, world: NetSuiteWorld) -> None:
    script("N.log.debug('no', 1); N.log.audit({ title: 'yes', details: { a: 1 } }); N.log.error('bad', 'b');")
    assert [(log["level"], log["title"], log["details"]) for log in world.scripts.logs] == [
        ("AUDIT", "yes", json.dumps({"a": 1}, separators=(",", ":"))),
        ("ERROR", "bad", "b"),
    ]
