"""What Tieout itself says of the two ledgers, held against the proof of the demo, which knows nothing of it."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.demo.ledger import Proof
from app.demo.stage import CannotStart, Stage
from app.demo.tie_out import ZERO, Difference

SECONDS = 120


@dataclass(frozen=True)
class Own:
    stripe: Decimal
    netsuite: Decimal
    unexplained: Decimal
    sentences: tuple[str, ...]


def asked(stage: Stage) -> dict[str, Own]:
    """By currency. `tieout tie-out`, as a person would ask."""
    return {row["currency"]: _own(row) for row in _answer(stage, "tie-out")["results"]}


def incomplete(stage: Stage) -> Iterator[Difference]:
    """Days of which Tieout itself says that they do not add up: `tieout completeness`, as a person would ask."""
    for day in _answer(stage, "completeness")["days"]:
        if not day["adds_up"]:
            sentence = f"{day['day']} does not add up: {day['at_stripe']} at Stripe, {day['stored']} stored."
            yield Difference("own completeness", sentence)


def _answer(stage: Stage, command_name: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "app.cli", command_name, "--json"]
    done = subprocess.run(  # noqa: S603
        command,
        cwd=stage.log.parent,
        env=stage.environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if not done.stdout.strip():
        raise CannotStart(f"`tieout {command_name}` said nothing: {done.stderr[-500:]}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _own(row: Mapping[str, object]) -> Own:
    stripe, netsuite, unexplained = (Decimal(str(row[name])) for name in ("stripe", "netsuite", "unexplained"))
    found = row["differences"]
    assert isinstance(found, list)
    return Own(stripe, netsuite, unexplained, tuple(one["sentence"] for one in found))


def compared(own: Mapping[str, Own], proofs: Sequence[Proof]) -> Iterator[Difference]:
    for proof in proofs:
        said = own.get(proof.currency, Own(ZERO, ZERO, ZERO, ()))
        for what, ours, theirs in (
            ("Stripe's balance", said.stripe, proof.stripe),
            ("NetSuite's accounts", said.netsuite, proof.netsuite),
            ("what nothing explains", said.unexplained, proof.unexplained),
        ):
            if ours != theirs:
                sentence = f"Tieout takes {what} for {ours} {proof.currency}; it is {theirs}."
                yield Difference("own tie-out", sentence)
        yield from (Difference("own tie-out", sentence) for sentence in said.sentences)
