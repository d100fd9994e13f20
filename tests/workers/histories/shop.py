"""What may happen in a shop, drawn by Hypothesis: sales, and what becomes of them in the days after."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.workers.flows.stage import Stage

CURRENCIES = ("usd", "eur", "jpy", "kwd")
STEP = {"usd": 1, "eur": 1, "jpy": 1, "kwd": 10}
"""Stripe takes dinars in steps of ten."""

AFTER_INVOICE = (
    "nothing",
    "refund",
    "refund in part",
    "two refunds",
    "credit note, refunded",
    "credit note, to the balance",
    "dispute lost",
    "dispute won",
)
AFTER_OPEN = ("nothing", "void", "uncollectible", "credit note, before payment", "paid elsewhere")
AFTER_CHARGE = ("nothing", "refund", "refund in part", "dispute lost", "dispute won")


@dataclass(frozen=True)
class Sale:
    """`parts`: in how many payments an invoice is paid; 0 leaves it open. A charge has no invoice."""

    kind: str  # invoice | charge
    customer: int
    currency: str
    amounts: tuple[int, ...]
    parts: int
    after: str


def _amounts() -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(2_000, 90_000), min_size=1, max_size=3).map(tuple)


def _sale(kind: str, parts: int, after: tuple[str, ...]) -> st.SearchStrategy[Sale]:
    return st.builds(
        Sale,
        kind=st.just(kind),
        customer=st.integers(0, 1),
        currency=st.sampled_from(CURRENCIES),
        amounts=_amounts(),
        parts=st.just(parts),
        after=st.sampled_from(after),
    )


SALES = st.lists(
    st.one_of(
        _sale("invoice", 1, AFTER_INVOICE),
        _sale("invoice", 2, ("nothing", "refund in part")),
        _sale("invoice", 0, AFTER_OPEN),
        _sale("charge", 1, AFTER_CHARGE),
    ),
    min_size=1,
    max_size=4,
)

Act = Callable[[], Any]


class Shop:
    """Carries sales out in the sandbox; `acts` are the single steps, in their order."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.v1 = stage.stripe.v1
        self._customers: dict[int, str] = {}

    def acts(self, sales: list[Sale], *, payout: bool) -> list[Act]:
        """First the sales in turn, then what becomes of each, then, if there is to be one, the payouts."""
        made: list[dict[str, str]] = [{} for _ in sales]
        acts: list[Act] = []
        for sale, ids in zip(sales, made, strict=True):
            acts.append(lambda sale=sale, ids=ids: self._sell(sale, ids))  # type: ignore[misc]
            acts += [
                lambda sale=sale, ids=ids, part=part: self._pay(sale, ids, part)  # type: ignore[misc]
                for part in range(sale.parts if sale.kind == "invoice" else 0)
            ]
        for sale, ids in zip(sales, made, strict=True):
            acts += [
                lambda act=act, sale=sale, ids=ids: act(sale, ids)  # type: ignore[misc]
                for act in self._after(sale.after)
            ]
        return [*acts, self._pay_out] if payout else acts

    # sales -------------------------------------------------------------------------------------------------------

    def _customer(self, number: int) -> str:
        if number not in self._customers:
            made = self.v1.customers.create({"name": f"Customer {number}", "email": f"customer{number}@shop.example"})
            self._customers[number] = made.id
        return self._customers[number]

    def _sell(self, sale: Sale, ids: dict[str, str]) -> None:
        customer = self._customer(sale.customer)
        amounts = [amount * STEP[sale.currency] for amount in sale.amounts]
        if sale.kind == "charge":
            made = self.stage.stripe_does(
                "charges", amount=sum(amounts), currency=sale.currency, customer=customer, payment_method="pm_card_visa"
            )
            ids["charge"] = made["id"]
            return
        terms = {"auto_advance": False, "collection_method": "send_invoice", "days_until_due": 30}
        draft = self.v1.invoices.create({"customer": customer, "currency": sale.currency, **terms})
        lines = [{"amount": amount, "description": f"Line {n}"} for n, amount in enumerate(amounts)]
        self.v1.invoices.add_lines(draft.id, {"lines": lines})
        self.v1.invoices.finalize_invoice(draft.id)
        ids["invoice"] = draft.id

    def _pay(self, sale: Sale, ids: dict[str, str], part: int) -> None:
        invoice = self.v1.invoices.retrieve(ids["invoice"])
        last = part == sale.parts - 1
        half = invoice.amount_remaining // 20 * 10
        self.stage.stripe_does(f"invoices/{invoice.id}/pay", **({} if last else {"amount": half}))
        ids["charge"] = self.stage.stripe_state("charge")[-1]["id"]

    # afterwards --------------------------------------------------------------------------------------------------

    def _after(self, what: str) -> list[Callable[[Sale, dict[str, str]], None]]:
        acts: dict[str, list[Callable[[Sale, dict[str, str]], None]]] = {
            "nothing": [],
            "refund": [self._refund],
            "refund in part": [self._refund_part],
            "two refunds": [self._refund_part, self._refund],
            "credit note, refunded": [self._credit_note("refund_amount")],
            "credit note, to the balance": [self._credit_note("credit_amount")],
            "credit note, before payment": [self._credit_note("")],
            "dispute lost": [self._dispute, self._lose],
            "dispute won": [self._dispute, self._win],
            "void": [lambda _, ids: self.v1.invoices.void_invoice(ids["invoice"])],
            "uncollectible": [lambda _, ids: self.v1.invoices.mark_uncollectible(ids["invoice"])],
            "paid elsewhere": [lambda _, ids: self.v1.invoices.pay(ids["invoice"], {"paid_out_of_band": True})],
        }
        return acts[what]

    def _refund(self, _: Sale, ids: dict[str, str]) -> None:
        self.v1.refunds.create({"charge": ids["charge"]})

    def _refund_part(self, sale: Sale, ids: dict[str, str]) -> None:
        self.v1.refunds.create({"charge": ids["charge"], "amount": 500 * STEP[sale.currency]})

    def _credit_note(self, back_by: str) -> Callable[[Sale, dict[str, str]], None]:
        def issue(sale: Sale, ids: dict[str, str]) -> None:
            amount = 700 * STEP[sale.currency]
            params: dict[str, Any] = {"invoice": ids["invoice"], "amount": amount}
            if back_by:
                params[back_by] = amount
            self.v1.credit_notes.create(params)

        return issue

    def _dispute(self, _: Sale, ids: dict[str, str]) -> None:
        ids["dispute"] = self.stage.stripe_does(f"charges/{ids['charge']}/dispute")["id"]

    def _lose(self, _: Sale, ids: dict[str, str]) -> None:
        self.stage.stripe_does(f"disputes/{ids['dispute']}/lose")

    def _win(self, _: Sale, ids: dict[str, str]) -> None:
        self.stage.stripe_does(f"disputes/{ids['dispute']}/win")

    def _pay_out(self) -> None:
        self.stage.pass_time(days=3)
        self.stage.stripe_does("payouts")
        self.stage.pass_time(days=2)
