"""Plays the month, compares, and says whether the books agree."""

import json
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app.demo import books, own_proof, watch
from app.demo.ledger import Proof
from app.demo.month import Month
from app.demo.stage import CannotStart, Stage, Wanted, shop_ids, staged
from app.demo.systems import NetSuiteSandbox, Refused
from app.demo.tie_out import INVOICE, Difference, TieOut
from app.money import quantize

SETTLE_SECONDS = 180.0
CHAOS = {"duplicate": 0.3, "reorder": 0.4, "retry_ms": 200}
HEADINGS = ("Stripe", "NetSuite", "Stripe\ntotal", "NetSuite\ntotal", "Stripe\nopen", "NetSuite\nopen", "differ-\nence")
LOST = 0.2
TAMPER = {
    "payment": "customerPayment",
    "refund": "customerRefund",
    "deposit": "deposit",
    "invoice": "invoice",
    "credit memo": "creditMemo",
    "customer": "customer",
}


@dataclass(frozen=True)
class Outcome:
    found: TieOut
    ledger: tuple[Proof, ...]
    tally: dict[str, object]
    seconds: float

    @property
    def agrees(self) -> bool:
        return self.found.agrees


@dataclass(frozen=True)
class Script:
    """`tamper`: one NetSuite record of each is spoilt before the comparison. `lossy`: webhooks are lost for good."""

    seed: int = 2026
    size: int = 8
    tamper: tuple[str, ...] = ()
    lossy: bool = False


AS_DOCUMENTED = Script()


def main(
    once: bool = False,
    as_json: bool = False,
    *,
    port: int | None = None,
    database_url: str = "",
    broker_url: str = "",
    script: Script = AS_DOCUMENTED,
) -> int:
    """0 when everything agrees, else 1. Without `once` everything is left running until it is interrupted."""
    say = _printer(as_json)
    _interrupt_on_sigterm()
    try:
        with staged(Wanted(once, port, database_url, broker_url)) as stage:
            say(f"Tieout and its dashboard: {stage.url}   sandboxes: {stage.stripe.url} {stage.netsuite.url}")
            outcome = _played(stage, say, script)
            _show(outcome, as_json, script.seed)
            if not outcome.agrees:
                say(f"What Tieout logged is kept in {_kept(stage.log)}.")
            if not once:
                _leave_running(stage, say)
            return 0 if outcome.agrees else 1
    except CannotStart as reason:
        print(f"The demo cannot go on: {reason}", file=sys.stderr)
        return 1
    except Refused as reason:
        print(f"A sandbox refused what the demo asked for: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _interrupt_on_sigterm() -> None:
    """So that the processes which the demo has started end with it."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def _printer(as_json: bool) -> Callable[[str], None]:
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    return lambda line: console.print(line, markup=False)


def _kept(log: Path) -> Path:
    kept = log.parent.parent / "last-failure.log"
    shutil.copyfile(log, kept)
    return kept


def _played(stage: Stage, say: Callable[[str], None], script: Script) -> Outcome:
    began = time.monotonic()
    _misbehave(stage, script)
    with watch.Watch(stage.database, say):
        late = _lived_through(stage, say, script)
    own = own_proof.asked(stage)
    late += own_proof.incomplete(stage)
    proofs = books.compare(stage.stripe, stage.netsuite).ledger
    late += own_proof.compared(own, proofs)
    for what in script.tamper:
        say(f"tampered with NetSuite {_spoil(stage.netsuite, what)}")
    compared = books.compare(stage.stripe, stage.netsuite)
    wrong = (*late, *compared.found.differences, *watch.unfinished(stage.database))
    tally = {"paid_by": compared.paid_by, **watch.tally(stage.database)}
    return Outcome(TieOut(compared.found.rows, wrong), compared.ledger, tally, time.monotonic() - began)


def _misbehave(stage: Stage, script: Script) -> None:
    lost = LOST if script.lossy else 0
    stage.stripe.misdeliver(**CHAOS, drop=lost, seed=script.seed)
    stage.netsuite.misdeliver("duplicate", probability=0.3, seed=script.seed)
    stage.netsuite.misdeliver("drop", probability=lost, seed=script.seed + 1)
    stage.netsuite.tell_of_own_writes()


def _lived_through(stage: Stage, say: Callable[[str], None], script: Script) -> list[Difference]:
    """The month, until nothing is under way any more. What took too long is a difference."""

    def look_again() -> None:
        watch.look_again(stage.database)

    month = Month(
        stage.stripe,
        stage.netsuite,
        shop_ids(stage.guests),
        stage.clock.set,
        stage.start,
        script.seed,
        script.size,
        say,
        look_again,
    )
    try:
        month.play()
        if script.lossy:
            look_again()
            watch.swept(stage, SETTLE_SECONDS)
        watch.settle(stage, SETTLE_SECONDS)
    except TimeoutError as reason:
        return [Difference("time", f"Gave up waiting: {reason}.")]
    return []


def _spoil(netsuite: NetSuiteSandbox, what: str) -> str:
    """Money is deleted, an invoice or credit memo loses its ids of the other system, a customer gets another e-mail."""
    record_type = TAMPER[what]
    victim = next(one["id"] for one in netsuite.records(record_type) if what == "customer" or "externalId" in one)
    match what:
        case "payment" | "refund" | "deposit":
            netsuite.delete(record_type, victim)
        case "invoice" | "credit memo":
            netsuite.edit(record_type, victim, {"externalId": "", "custbody_tieout_stripe_id": ""})
        case _:
            netsuite.edit(record_type, victim, {"email": "tampered@changed.example"})
    return f"{record_type} {victim}"


def _leave_running(stage: Stage, say: Callable[[str], None]) -> None:
    say(f"Everything is left running: look around at {stage.url}, end with Ctrl-C.")
    with suppress(KeyboardInterrupt):
        while True:
            stage.check_alive()
            time.sleep(0.5)


# what is shown -----------------------------------------------------------------------------------------------------


def _show(outcome: Outcome, as_json: bool, seed: int) -> None:
    if as_json:
        print(json.dumps(_document(outcome, seed), indent=2, default=str))
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(_table(outcome.found))
    console.print()
    console.print(_ledger_table(outcome.ledger))
    for difference in outcome.found.differences:
        console.print(f"✗ {difference.sentence}", markup=False)
    verdict = "Everything agrees to the minor unit." if outcome.agrees else "The books do not agree."
    console.print(f"{verdict} ({outcome.seconds:.0f} s)")


def _document(outcome: Outcome, seed: int) -> dict[str, object]:
    rows = [asdict(row) | {"difference": row.difference} for row in outcome.found.rows]
    return {
        "agrees": outcome.agrees,
        "seed": seed,
        "seconds": round(outcome.seconds, 1),
        "table": rows,
        "unexplained": {currency: _unexplained(outcome.found, currency) for currency in _currencies(outcome.found)},
        "ledger": {proof.currency: _proof(proof) for proof in outcome.ledger},
        "differences": [asdict(one) for one in outcome.found.differences],
        **outcome.tally,
    }


def _proof(proof: Proof) -> dict[str, object]:
    return asdict(proof) | {"unexplained": quantize(proof.unexplained, proof.currency)}


def _currencies(found: TieOut) -> list[str]:
    return sorted({row.currency for row in found.rows if row.currency})


def _unexplained(found: TieOut, currency: str) -> Decimal:
    return sum((row.difference for row in found.rows if row.currency == currency), Decimal(0))


def _table(found: TieOut) -> Table:
    """Narrow enough for eighty columns."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    table.add_column("", no_wrap=True)
    for heading in HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in found.rows:
        amounts = [row.stripe_total, row.netsuite_total]
        opens = [row.stripe_open, row.netsuite_open] if row.type == INVOICE else [None, None]
        shown = [_amount(one, row.currency) for one in (*amounts, *opens, row.difference)]
        table.add_row(f"{row.type}s", row.currency, str(row.stripe), str(row.netsuite), *shown)
    return table


def _amount(amount: Decimal | None, currency: str) -> str:
    return f"{quantize(amount, currency):,}" if amount is not None and currency else ""


def _ledger_table(ledger: tuple[Proof, ...]) -> Table:
    """The money at Stripe, in both ledgers, and by name what makes the difference."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("The money at Stripe", no_wrap=True)
    for proof in ledger:
        table.add_column(proof.currency, justify="right", no_wrap=True)
    names = dict.fromkeys(name for proof in ledger for name in proof.timing)

    def add(name: str, *amounts: Decimal | None) -> None:
        table.add_row(name, *(_amount(one, proof.currency) for one, proof in zip(amounts, ledger, strict=True)))

    add("Stripe's balance", *(proof.stripe for proof in ledger))
    for name in names:
        add(f"  {name}", *(proof.timing.get(name) for proof in ledger))
    add("NetSuite's clearing accounts", *(proof.netsuite for proof in ledger))
    add("unexplained", *(proof.unexplained for proof in ledger))
    add("arrived at the bank", *(proof.arrived for proof in ledger))
    add("NetSuite's bank accounts", *(proof.bank for proof in ledger))
    return table
