"""A healthy installation between two sandboxes, in which faults are planted one at a time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from typer.testing import CliRunner, Result

from app.admin import doctor
from app.admin.doctor import Finding
from app.admin.listening import wanted_events
from app.cli import app, complaining
from app.core import config
from app.core.broker import NoBroker
from app.core.config import Config
from app.core.inbox import Event
from app.db import Database
from app.demo.choices import choices
from app.settings import Settings
from app.systems.stripe.objects import API_VERSION
from sandbox.clock import Clock
from sandbox.netsuite.fields import Fields
from sandbox.serve import Sandbox
from workers.flows import CATALOGUE
from workers.wiring import Parts, build

PUBLIC_URL = "https://tieout.example"
ADDRESS = f"{PUBLIC_URL}/webhooks/stripe/main"
CLOSED_PORT = 1


@contextmanager
def two_sandboxes() -> Iterator[Sandbox]:
    """An hour behind, so that what happens in them is no news; nothing is delivered anywhere."""
    with Sandbox.running(clock=Clock(datetime.now(UTC) - timedelta(hours=1))) as sandbox:
        yield sandbox


def reset(sandbox: Sandbox) -> None:
    sandbox.stripe.reset()
    sandbox.stripe.faults.clear()
    sandbox.stripe.deliveries.configure(paused=True)
    sandbox.netsuite.reset()
    sandbox.netsuite.faults.clear()
    restlet(sandbox, "void")
    sandbox.netsuite.gatekeeper.mapped = True


def restlet(sandbox: Sandbox, *actions: str) -> None:
    """The RESTlet says at once that it can do these; its script is not run."""
    told = {"ok": True, "account": "1", "version": "9.9.9", "actions": list(actions), "types": []}
    sandbox.netsuite.faults.clear()
    sandbox.netsuite.faults.status(200, path="restlet", body=told)


@dataclass
class Sickbay:
    sandbox: Sandbox
    parts: Parts
    endpoint: dict[str, Any] = field(default_factory=dict)

    @property
    def netsuite(self) -> Any:
        return self.sandbox.netsuite

    def setting(self, **changed: Any) -> None:
        self.parts = replace(self.parts, settings=self.parts.settings.model_copy(update=changed))

    def of_stripe(self, **changed: Any) -> None:
        self.setting(stripe={"main": self.parts.settings.stripe["main"].model_copy(update=changed)})

    def of_netsuite(self, **changed: Any) -> None:
        assert self.parts.settings.netsuite
        self.setting(netsuite=self.parts.settings.netsuite.model_copy(update=changed))

    def choose(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Another version of the configuration; `change` is given the document."""
        with self.parts.database.session_scope() as session:
            document = config.document(config.current(session))
            change(document)
            config.save(session, Config.model_validate(document), author="test", note="")

    def books(self, part: str, **changed: Any) -> None:
        """`part`: `accounts`, `items` ... of the books, or empty for the books' own settings."""

        def change(document: dict[str, Any]) -> None:
            books = document["books"]["*"]
            (books.setdefault(part, {}) if part else books).update(changed)

        self.choose(change)

    def record(self, kind: str, internal_id: str) -> Fields:
        """The fields of a record in NetSuite, to be changed in place; SuiteQL sees it."""
        found = self.netsuite.get(kind, internal_id)
        self.netsuite.tables.touch(found)
        fields: Fields = found.fields
        return fields

    def examine(self) -> list[Finding]:
        return doctor.examine(self.parts)

    def command(self, *arguments: str) -> Result:
        """The `tieout` command on this installation."""

        @contextmanager
        def opened() -> Iterator[Parts]:
            with complaining():
                yield self.parts

        return CliRunner().invoke(app, list(arguments), obj=opened)


def troubles(found: Sequence[Finding]) -> dict[str, str]:
    """Check -> its worst state, of those that are not in order."""
    wrong = [each for each in found if each.state != "ok"]
    return {each.check: each.state for each in sorted(wrong, key=lambda each: each.state, reverse=True)}


def told(found: Sequence[Finding], check: str) -> str:
    """All that is said about one check."""
    return "\n".join(f"{each.detail} {each.action}" for each in found if each.check == check)


def settings(sandbox: Sandbox, database: Database) -> Settings:
    nested: dict[str, Any] = {"stripe": {"main": {}}, "netsuite": {}}
    for name, value in sandbox.env.items():
        system, *path = name.lower().split("__")
        (nested[system]["main"] if system == "stripe" else nested[system])[path[-1]] = value
    top = {"database_url": database.url, "public_url": PUBLIC_URL, "secret_key": "k" * 32, "port": CLOSED_PORT}
    return Settings(_env_file=None, **nested, **top)


def healthy(sandbox: Sandbox, database: Database) -> Sickbay:
    """Everything is in order: the endpoint is as it should be, and both systems have been heard of."""
    parts = build(settings(sandbox, database), database.url, NoBroker())
    chosen = choices()
    with database.session_scope() as session:
        config.save(session, chosen, author="test", note="")
        for source, account in (("stripe", "main"), ("netsuite", sandbox.credentials.netsuite_account_id)):
            heard = {"external_id": f"evt_{source}", "type": "customer.created", "body": b"{}"}
            session.add(Event(source=source, account=account, **heard))
    endpoint = sandbox.stripe.deliver_to(
        ADDRESS,
        sandbox.credentials.stripe_webhook_secret,
        tuple(sorted(wanted_events(CATALOGUE, chosen))),
        api_version=API_VERSION,
        metadata={"tieout_account": "main"},
    )
    return Sickbay(sandbox, parts, endpoint)


def certificate(sandbox: Sandbox, days: int) -> bytes:
    """For the key that is used, ending so many days from now."""
    key = serialization.load_pem_private_key(sandbox.credentials.netsuite_private_key_file.read_bytes(), None)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())  # type: ignore[arg-type]
    builder = builder.not_valid_before(now - timedelta(days=400)).not_valid_after(now + timedelta(days=days, hours=1))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)  # type: ignore[arg-type]


def counted(sandbox: Sandbox) -> Callable[[], Mapping[str, int]]:
    """Counts from now on what each sandbox is asked, by system and method; what may change something apart."""
    harmless = r"(suiteql|oauth2/v1/token|restlet\.nl)"
    rules = {
        "stripe reads": sandbox.stripe.faults.latency(0, method="GET"),
        "netsuite reads": sandbox.netsuite.faults.latency(0, method="GET"),
        "netsuite queries": sandbox.netsuite.faults.latency(0, method="POST", path=harmless),
        "netsuite writes": sandbox.netsuite.faults.latency(0, method="POST", path=rf"^(?!.*{harmless})"),
    }
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        rules[f"stripe {method}"] = sandbox.stripe.faults.latency(0, method=method)
        if method != "POST":
            rules[f"netsuite {method}"] = sandbox.netsuite.faults.latency(0, method=method)
    return lambda: {name: rule.hits for name, rule in rules.items()}


def counted_stripe(sandbox: Sandbox) -> Callable[[], dict[str, int]]:
    rules = {method: sandbox.stripe.faults.latency(0, method=method) for method in ("GET", "POST", "DELETE")}
    return lambda: {method: rule.hits for method, rule in rules.items()}


def rebuilt(bay: Sickbay) -> Sickbay:
    """As after a restart: the clients know the settings that are there now."""
    return Sickbay(bay.sandbox, build(bay.parts.settings, bay.parts.database.url, NoBroker()), bay.endpoint)
