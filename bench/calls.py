"""NetSuite calls per record written, flow by flow, in steady state: customers, invoices and payments of a busy day.

NetSuite's limit is calls in flight, so each call that is not the write itself is capacity lost.
"""

import sys
from dataclasses import dataclass

from sqlalchemy import func, select

from app.core.runs import Run
from bench import harness
from bench.push import World, world

TARGET = 1.2
WRITERS = (
    "stripe_customer_to_netsuite",
    "stripe_invoice_to_netsuite",
    "stripe_invoice_paid_to_netsuite_payment",
)
CUSTOMERS, INVOICES = 5, 60


@dataclass(frozen=True)
class Counted:
    """`netsuite`, `stripe`: calls; `written`: records in NetSuite that the flow's runs of this day say they wrote."""

    netsuite: int
    stripe: int
    written: int

    @property
    def per_record(self) -> float:
        return self.netsuite / self.written if self.written else 0.0


def busy_day(made: World) -> dict[str, Counted]:
    """New customers, invoices for old and new ones, each paid: then what the runs counted."""
    first = _last_run(made)
    made.customers += [made.customer(100 + number) for number in range(CUSTOMERS)]
    made.carry_out("stripe_customer_to_netsuite", made.customers[-CUSTOMERS:])
    invoices = made.invoices(INVOICES)
    made.carry_out("stripe_invoice_to_netsuite", invoices)
    for invoice in invoices:
        made.pay(invoice)
    made.carry_out("stripe_invoice_paid_to_netsuite_payment", invoices)
    return {flow: _counted(made, flow, first) for flow in WRITERS}


def _last_run(made: World) -> int:
    with made.parts.database.session_scope() as session:
        return session.scalar(select(func.max(Run.id))) or 0


def _counted(made: World, flow: str, first: int) -> Counted:
    with made.parts.database.session_scope() as session:
        runs = session.scalars(select(Run).where(Run.flow == flow, Run.id > first)).all()
    written = sum(len(run.records) for run in runs)
    return Counted(sum(run.netsuite_calls for run in runs), sum(run.stripe_calls for run in runs), written)


def main() -> int:
    arguments = harness.options("calls", __doc__ or "", repeats=1).parse_args()
    with world() as made:
        made.set_latency(0)
        standing = len(made.standing())
        counted = busy_day(made)
        faults = [] if len(made.standing()) - standing == INVOICES else ["not every invoice stands in NetSuite"]
    calls, written = sum(c.netsuite for c in counted.values()), sum(c.written for c in counted.values())
    expected = CUSTOMERS + 2 * INVOICES
    if written != expected:
        faults.append(f"{written} records written, {expected} expected")
    verdict = harness.Verdict(
        name="calls",
        ratio=calls / max(written, 1),
        target=TARGET,
        higher_is_better=False,
        figures={
            flow: {"NetSuite": round(c.per_record, 2), "records": c.written, "Stripe": c.stripe}
            for flow, c in counted.items()
        },
        method=(
            f"{CUSTOMERS} new customers, {INVOICES} invoices and a payment for each, after a warm-up that filled the "
            "caches of currencies, subsidiaries and periods; calls and records as the runs counted them."
        ),
        faults=faults,
    )
    return harness.conclude(verdict, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
