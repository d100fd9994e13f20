"""What N/https, N/crypto, N/encode and N/url do, apart from records."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from sandbox.netsuite.scripts import execution as units
from sandbox.netsuite.scripts.execution import Execution
from sandbox.netsuite.scripts.refusals import ScriptError

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld

TRANSACTIONS = "/app/accounting/transactions"
PAGES = {
    "customer": "/app/common/entity/custjob.nl",
    "invoice": f"{TRANSACTIONS}/custinvc.nl",
    "customerPayment": f"{TRANSACTIONS}/custpymt.nl",
    "creditMemo": f"{TRANSACTIONS}/custcred.nl",
    "customerRefund": f"{TRANSACTIONS}/custrfnd.nl",
    "cashSale": f"{TRANSACTIONS}/cashsale.nl",
    "cashRefund": f"{TRANSACTIONS}/cashrfnd.nl",
    "customerDeposit": f"{TRANSACTIONS}/custdep.nl",
    "depositApplication": f"{TRANSACTIONS}/depappl.nl",
    "deposit": f"{TRANSACTIONS}/deposit.nl",
    "journalEntry": f"{TRANSACTIONS}/journal.nl",
}
CUSTOM_PAGE = "/app/common/custom/custrecordentry.nl"
DOMAINS = {"APPLICATION": "app", "RESTLET": "restlets.api", "SUITETALK": "suitetalk.api", "FORM": "extforms"}


def request(world: NetSuiteWorld, one: Execution, args: dict[str, Any]) -> Any:
    one.pay(units.CALL_OUT)
    one.posted += 1
    return world.scripts.https.request(args["method"], args["url"], args.get("body") or "", args["headers"])


def key(world: NetSuiteWorld, one: Execution, args: dict[str, Any]) -> Any:
    _secret(world, args)


def mac(world: NetSuiteWorld, one: Execution, args: dict[str, Any]) -> Any:
    secret = _secret(world, args["key"]).encode()
    made = hmac.new(secret, _joined(args["inputs"]), _algorithm(args["algorithm"]))
    return _encoded(made.digest(), args["output"])


def digest(world: NetSuiteWorld, one: Execution, args: dict[str, Any]) -> Any:
    return _encoded(hashlib.new(_algorithm(args["algorithm"]), _joined(args["inputs"])).digest(), args["output"])


def convert(world: NetSuiteWorld, one: Execution, args: dict[str, Any]) -> Any:
    return _encoded(_decoded(args["string"], args["inputEncoding"]), args["outputEncoding"])


def _secret(world: NetSuiteWorld, key: dict[str, Any]) -> str:
    found = world.scripts.secrets().get(str(key.get("secret")))
    if found is None:
        raise ScriptError("SSS_INVALID_SECRET", f"There is no API secret {key.get('secret') or key.get('guid')}.")
    return found


def _algorithm(name: str) -> str:
    if name not in ("SHA1", "SHA256", "SHA512", "MD5"):
        raise ScriptError("SSS_INVALID_HASH_ALG", f"The hash algorithm {name} is not known.")
    return name.lower()


def _joined(inputs: list[dict[str, str]]) -> bytes:
    return b"".join(_decoded(one["input"], one["encoding"]) for one in inputs)


def _decoded(text: str, encoding: str) -> bytes:
    try:
        match encoding:
            case "UTF_8":
                return text.encode()
            case "HEX" | "BASE_16":
                return bytes.fromhex(text)
            case "BASE_32":
                return base64.b32decode(text)
            case "BASE_64":
                return base64.b64decode(text, validate=True)
            case "BASE_64_URL_SAFE":
                return base64.urlsafe_b64decode(text)
    except (ValueError, binascii.Error):
        raise ScriptError("SSS_DECODE_FAILED", f"The text is not {encoding}.") from None
    raise ScriptError("SSS_INVALID_ENCODING", f"The encoding {encoding} is not known.")


def _encoded(raw: bytes, encoding: str) -> str:
    match encoding:
        case "HEX" | "BASE_16":
            # in upper case, so that nobody relies on the lower one
            return raw.hex().upper()
        case "BASE_32":
            return base64.b32encode(raw).decode()
        case "BASE_64":
            return base64.b64encode(raw).decode()
        case "BASE_64_URL_SAFE":
            return base64.urlsafe_b64encode(raw).decode()
        case "UTF_8":
            return raw.decode("utf-8", "replace")
    raise ScriptError("SSS_INVALID_ENCODING", f"The encoding {encoding} is not known.")


def page(world: NetSuiteWorld, one: Execution, args: dict[str, Any]) -> Any:
    """A record's page; whether the record is there is not looked at."""
    definition = world.definition(args["recordType"])
    custom = definition.name.startswith("customrecord")
    path = CUSTOM_PAGE if custom else PAGES.get(definition.name)
    if path is None:
        raise ScriptError("SSS_INVALID_URL", f"Records of type {args['recordType']} have no page.")
    query = [f"rectype={definition.name}"] if custom else []
    query += [f"id={args['recordId']}"] if args.get("recordId") else []
    query += ["e=T"] if args.get("isEditMode") else []
    return f"{path}?{'&'.join(query)}" if query else path


def domain(world: NetSuiteWorld, one: Execution, args: dict[str, Any]) -> Any:
    host = DOMAINS.get(args["hostType"])
    if host is None:
        raise ScriptError("SSS_INVALID_HOST_TYPE", f"The host type {args['hostType']} is not known.")
    return f"{world.account_id.lower().replace('_', '-')}.{host}.netsuite.com"
