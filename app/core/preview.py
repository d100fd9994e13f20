"""Preview: the same code as a run, with gateways that read for real and record what they would have written."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, cast

from app.core import config as configuration
from app.core import origins
from app.core.config import Config
from app.core.exchanges import Record
from app.core.execute import Outcome, translating
from app.core.flow import Catalogue
from app.core.interfaces import Clock, Ledger, NetSuite, PublicLinks, Stripe
from app.core.links import Link, StoredLinks, external_id
from app.core.mapping import ruled
from app.core.match import CustomerMatch
from app.db import Database
from app.origin import Origin

if TYPE_CHECKING:
    from app.systems.netsuite.records import Ref


@dataclass(frozen=True)
class Written:
    """One write that would have been made; `body` exactly as it would have been sent.

    `origins`: path in the body -> where that field comes from, of an explained preview; the flow made all others.
    """

    system: str
    operation: str
    target: str
    body: Mapping[str, Any]
    origins: Mapping[str, Origin] = field(default_factory=dict, compare=False)

    def plainly(self) -> dict[str, Any]:
        """What is sent, without where it comes from."""
        return {name: value for name, value in asdict(self).items() if name != "origins"}


class RecordingSystems(Protocol):
    """Like Systems, but every write goes to `written` only."""

    def recording_stripe(self, account: str, record: Record, written: list[Written]) -> Stripe: ...
    def recording_netsuite(self, record: Record, written: list[Written]) -> NetSuite: ...


@dataclass
class Preview:
    outcome: Outcome
    notes: list[str] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    considered: list[dict[str, Any]] = field(default_factory=list)


class RecordingLinks(StoredLinks):
    """Stored links, over which this preview's own are laid; none is saved."""

    def __init__(self, database: Database, account: str, seen: "Seen | None" = None) -> None:
        super().__init__(database, account)
        self._laid: dict[str, Link] = {}
        self._seen = seen or Seen()

    def of_stripe(self, stripe_id: str, role: str, /) -> Link | None:
        return self._laid.get(external_id(role, stripe_id)) or self._seen(super().of_stripe(stripe_id, role))

    def of_netsuite(self, netsuite_type: str, internal_id: str, role: str, /) -> Link | None:
        return self._seen(super().of_netsuite(netsuite_type, internal_id, role))

    def save(self, role: str, stripe_id: str, ref: "Ref", /, *, origin: str, **facts: Any) -> Link:
        name = external_id(role, stripe_id)
        link = Link(
            external_id=name,
            role=role,
            account=self._account,
            stripe_id=stripe_id,
            netsuite_type=ref.type,
            netsuite_id=ref.id,
            origin=origin,
            current=True,
            facts=dict(facts.get("facts") or {}),
        )
        self._laid[name] = link
        return link

    def add_facts(self, link: Link, facts: Mapping[str, Any], /) -> None:
        """What was found out in a preview is not kept."""

    def retire(self, link: Link, /, *, note: str) -> None:
        """Nothing is retired by a preview."""


FORGOTTEN = "forgotten"


@dataclass(frozen=True)
class Seen:
    """How a preview sees the links: as they are, without what was written last, or without the subject's own.

    An echo is told by the fingerprint of the last write: without it, a record comes out as it would be written today,
    though nothing has changed but the configuration. `unmade`: as if that id had never been carried over.
    """

    forgetful: bool = False
    unmade: str | None = None

    def __call__(self, link: Link | None) -> Link | None:
        if link is None or not self.forgetful:
            return link
        if self.unmade in (link.stripe_id, link.netsuite_id):
            return None
        # of this copy: the session that read it is closed. None would say that it was never written
        link.stripe_fingerprint = link.stripe_fingerprint and FORGOTTEN
        link.netsuite_fingerprint = link.netsuite_fingerprint and FORGOTTEN
        return link


class Previewer:
    def __init__(
        self, database: Database, catalogue: Catalogue, systems: RecordingSystems, clock: Clock, *, public: PublicLinks
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._systems = systems
        self._clock = clock
        self._public = public

    def preview(
        self,
        flow_key: str,
        account: str,
        subject: str,
        *,
        draft: Config | None = None,
        anew: bool = False,
        explain: bool = False,
    ) -> Preview:
        """What a run would do now; with `draft`, under that configuration instead of the one in force.

        `anew`: also of a record that is there, unchanged: how it would be written today. `explain`: each write says
        where its fields come from.
        """
        if not anew:
            return self._preview(flow_key, account, subject, draft, Seen(), explain)
        again = self._preview(flow_key, account, subject, draft, Seen(forgetful=True), explain)
        if again.written:
            return again
        first = self._preview(flow_key, account, subject, draft, Seen(forgetful=True, unmade=subject), explain)
        # under a draft it matters that it would be held; that it is there already says nothing about the draft
        held = draft is not None and first.outcome.state == "held"
        return first if first.written or held else again

    def _preview(
        self, flow_key: str, account: str, subject: str, draft: Config | None, seen: Seen, explain: bool
    ) -> Preview:
        flow = self._catalogue[flow_key]
        chosen = draft or self._config()
        if seen.unmade is not None:
            chosen = _unmatched(chosen)
        notes: list[str] = []
        written: list[Written] = []
        considered: list[dict[str, Any]] = []
        shaped: dict[tuple[str, str], Origin] = {}
        with translating() as said:
            plain: Ledger[Any] = Ledger(
                account=account,
                stripe=self._systems.recording_stripe(account, _forget, written),
                netsuite=self._systems.recording_netsuite(_forget, written),
                links=RecordingLinks(self._database, account, seen),
                clock=self._clock,
                options=chosen.options_for(flow),
                config=chosen,
                public=self._public,
                notes=notes,
                considered=considered,
            )
            ledger = ruled(_remembering(plain, flow.key) if explain else plain, flow.key)
            if ledger.shaper is not None:
                shaped = ledger.shaper.origins
            flow.carry(flow.reads(ledger, subject), ledger)
            said.append(Outcome("succeeded", _would(len(written))))
        if explain and said[-1].error_class == "default":
            # unforeseen: perhaps some code takes no value that remembers; what a run would do is told in any case
            return self._preview(flow_key, account, subject, draft, seen, explain=False)
        return Preview(said[-1], notes, [_with_rules(one, shaped) for one in written], considered)

    def _config(self) -> Config:
        with self._database.session_scope() as session:
            return configuration.current(session)


def _unmatched(chosen: Config) -> Config:
    """By its match rules a customer that has been carried over would find itself again."""
    none = CustomerMatch(into_netsuite=(), into_stripe=())
    return chosen.model_copy(update={"match": chosen.match.model_copy(update={"customers": none})})


def _would(writes: int) -> str:
    return f"Would make {writes} write{'' if writes == 1 else 's'}."


def _remembering(plain: Ledger[Any], flow: str) -> Ledger[Any]:
    """The same ledger, of which all that is read knows where it was read."""
    options = origins.chosen(plain.options, lambda path: f"flows.{flow}.options.{path}", "option")
    return replace(
        plain,
        stripe=cast(Stripe, origins.Remembering(plain.stripe, "stripe")),
        netsuite=cast(NetSuite, origins.Remembering(plain.netsuite, "netsuite")),
        links=cast(Any, origins.Remembering(plain.links, "link")),
        options=options,
        config=origins.remembering(plain.config),
        public=cast(PublicLinks, origins.Forgetting(plain.public)),
    )


def _with_rules(one: Written, shaped: Mapping[tuple[str, str], Origin]) -> Written:
    """A field rule comes after the mapping, so it is the rule that the field comes from."""
    names = (str(one.body.get("externalId") or ""), one.target)
    by_rule = {path: origin for (name, path), origin in shaped.items() if name in names}
    return replace(one, origins={**one.origins, **by_rule}) if by_rule else one


def _forget(_: object) -> None:
    """A preview keeps no exchanges."""
