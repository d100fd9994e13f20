"""Keeping a payout's records in NetSuite: each written once under its own name, and undone when the money came back."""

from datetime import UTC, date, time
from typing import Any

from app.core.interfaces import Ledger
from app.core.links import Link, external_id
from app.errors import Held, Skipped
from app.systems.netsuite.records import Record, Ref
from app.systems.stripe import objects as st
from workers.records.dates import Posting, local_day, posting, zone_of
from workers.records.deposit import Planned, summary
from workers.records.payout_journal import come_back

To = Ledger[Any]


def keep(role: str, name: str, record: Record, facts: dict[str, Any], to: To, *, write_back: bool = False) -> bool:
    """Whether it had to be written. `write_back`: its id goes into the metadata of the payout `name`."""
    link, content = to.links.of_stripe(name, role), to.content(record)
    if link and link.current and link.netsuite_fingerprint == content:
        to.note(f"{link.netsuite_type} {link.netsuite_id} is in NetSuite, unchanged.")
        return False
    ref = to.netsuite.upsert(record)
    if write_back:
        to.stripe.update_metadata("payout", name, {to.config.fields.metadata_deposit_id: ref.id})
    to.links.save(role, name, ref, origin="stripe", netsuite_fingerprint=content, facts=facts)
    return True


def posted_on(source: st.Payout, link: Link | None, record_type: str, subsidiary: str | None, to: To) -> Posting:
    """The day of arrival, which Stripe tells as midnight UTC of that day wherever the bank is."""
    if link and "tran_date" in link.facts:
        return Posting(date.fromisoformat(link.facts["tran_date"]))
    zone = zone_of(to, subsidiary)
    arrival = source.arrival_date.astimezone(UTC)
    day = arrival.date() if arrival.time() == time() else local_day(arrival, zone)
    return posting(to, record_type, day, zone)


def facts_of(source: st.Payout, posted: Posting) -> dict[str, Any]:
    """`net` in minor units."""
    return {
        "payout": source.id,
        "net": source.amount,
        "currency": source.currency.upper(),
        "tran_date": f"{posted.day}",
    }


def not_deposited_before(planned: Planned, to: To) -> None:
    """Raises Held when some of it is in a deposit that is not this payout's."""
    if not planned.deposited:
        return
    own = [external_id("dep", name) for name in (planned.payout.id, *abroad_names(planned))]
    if not any(to.netsuite.find("deposit", name) for name in own):
        raise Held(
            f"{len(planned.deposited)} of its transactions are part of a deposit already: "
            f"{', '.join(planned.deposited[:10])}.",
            code="already_deposited",
            action="Look who has deposited them in NetSuite. Delete that deposit and replay, or dismiss.",
        )


def abroad_names(planned: Planned) -> list[str]:
    return [f"{planned.payout.id}-{one.iso}" for one in planned.abroad]


def tell(planned: Planned, to: To) -> None:
    for kind, told in summary(planned).items():
        to.note(f"{told['count']} × {kind}: {told['amount']} {planned.payout.currency.upper()}.")
    if planned.short:
        to.note("The payout is negative: the deposit comes to zero, and a journal entry takes the money from the bank.")


# what came back ------------------------------------------------------------------------------------------------


def undo(source: st.Payout, by: str, to: To) -> bool:
    """Whether it had to be written. `by`: journal or delete; what was begun in one way is ended in it."""
    there = [link for link in links_of(source, to) if link.current]
    if not there:
        raise Skipped(f"The payout has {source.status} and is not in NetSuite.", code="not_posted")
    begun = {link.facts.get("reversed") for link in there}
    if "journal" not in begun and (by == "delete" or "deleted" in begun):
        return delete(there, source, to)
    return reverse(there, source, to)


def links_of(source: st.Payout, to: To) -> list[Link]:
    """Its own records, in the order in which they can go."""
    main = to.links.of_stripe(source.id, "dep")
    abroad = [("dep", name) for name in (main.facts.get("abroad") or () if main else ())]
    names = [("je", source.id), *abroad, ("dep", source.id)]
    return [link for role, name in names if (link := to.links.of_stripe(name, role))]


def delete(there: list[Link], source: st.Payout, to: To) -> bool:
    for link in there:
        to.netsuite.delete(Ref(link.netsuite_type, link.netsuite_id))
        mark(link, "deleted", to)
        to.links.retire(link, note=f"Deleted: the payout has {source.status}.")
    to.note("What it had paid out is part of a later payout.")
    return True


def reverse(there: list[Link], source: st.Payout, to: To) -> bool:
    name = f"{source.id}-reversal"
    own = to.config.for_account(to.account).subsidiary
    whose = next((found for link in there if (found := link.facts.get("subsidiary"))), own)
    posted = reversed_on(source, to.links.of_stripe(name, "je"), whose, to)
    written = keep("je", name, come_back(source, posted, whose, to), facts_of(source, posted), to)
    for link in there:
        if link.facts.get("reversed") != "journal":
            mark(link, "journal", to)
    return written


def reversed_on(source: st.Payout, link: Link | None, subsidiary: str | None, to: To) -> Posting:
    if link and "tran_date" in link.facts:
        return Posting(date.fromisoformat(link.facts["tran_date"]))
    zone = zone_of(to, subsidiary)
    back = source.failure_balance_transaction
    return posting(to, "journalEntry", local_day(back.created if back else to.clock.now(), zone), zone)


def mark(link: Link, how: str, to: To) -> None:
    ref = Ref(link.netsuite_type, link.netsuite_id)
    to.links.save(link.role, link.stripe_id, ref, origin=link.origin, facts={"reversed": how})
