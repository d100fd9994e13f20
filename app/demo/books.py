"""Reads both sandboxes, and compares them."""

from dataclasses import dataclass

from app.demo.ledger import Proof, balances, proofs
from app.demo.netsuite_books import NetSuiteBooks
from app.demo.stripe_books import StripeBooks
from app.demo.systems import NetSuiteSandbox, StripeSandbox
from app.demo.tie_out import TieOut, tie_out


@dataclass(frozen=True)
class Compared:
    found: TieOut
    ledger: tuple[Proof, ...]
    paid_by: dict[str, int]


def compare(stripe: StripeSandbox, netsuite: NetSuiteSandbox) -> Compared:
    theirs, ours = StripeBooks(stripe), NetSuiteBooks(netsuite)
    found = tie_out(theirs.side(), ours.side(), ours.balance())
    ledger = tuple(proofs(theirs, ours))
    off = [one for proof in ledger for one in proof.differences]
    differences = (*found.differences, *off, *balances(theirs, ours))
    return Compared(TieOut(found.rows, differences), ledger, dict(theirs.ways_paid()))
