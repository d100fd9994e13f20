"""What happens to Stripe's invoices and payments after the sale: refunds, credit notes, disputes, and no payment."""

from collections.abc import Callable
from dataclasses import dataclass

from app.demo.sales import Sales
from app.demo.shop import Shop
from app.demo.systems import Json

Then = tuple[int, Callable[[Json], object]]
"""Days after the invoice, and what is done to it then."""
CARD = "pm_card_visa"


@dataclass
class Afterwards:
    shop: Shop
    sales: Sales

    def plan(self) -> None:
        self._plan_refunds()
        self._plan_notes()
        self._plan_disputes()
        self._plan_open_ones()
        self._plan_balances()
        self._plan_checkouts()

    def _story(self, day: int, regular: int, currency: str, *then: Then, amount: int = 0) -> None:
        """An invoice of two lines of that day, or one over `amount`, and what becomes of it."""
        made: list[Json] = []
        lines = [{"description": "Order", "amount": amount}] if amount else [self.sales.line(currency) for _ in "ab"]
        self.shop.on(day, lambda: made.append(self.sales.invoice(self.shop.regular(regular), currency, lines)))
        for days, act in then:
            self.shop.on(day + days, _with(made, act))

    def _paid(self, method: str = CARD, days: int = 0) -> Then:
        return days, lambda invoice: self.shop.stripe.pay(invoice["id"], method)

    # refunds -------------------------------------------------------------------------------------------------

    def _plan_refunds(self) -> None:
        self._story(5, 0, "usd", self._paid(), (2, self._refund(1)))
        self._story(6, 1, "eur", self._paid(), (9, self._refund(3)))
        self._story(7, 2, "gbp", self._paid(), (2, self._refund(4)), (8, self._refund(5)))
        self._story(9, 0, "usd", self._paid("pm_card_refundFail"), (1, self._refund(1)))
        self._story(6, 0, "usd", self._paid("pm_usBankAccount_success"), (10, self._refund(2)))
        self._story(26, 1, "eur", self._paid(), (2, self._refund(2)))

    def _refund(self, part: int) -> Callable[[Json], None]:
        """One in `part` of the payment."""

        def act(invoice: Json) -> None:
            charge = self.shop.stripe.charge_of(invoice["id"])
            self.shop.stripe.create("refunds", charge=charge["id"], amount=charge["amount"] // part)

        return act

    # credit notes --------------------------------------------------------------------------------------------

    def _plan_notes(self) -> None:
        self._story(8, 0, "usd", (1, self._note(4000)), self._paid(days=3), amount=10000)
        self._story(9, 1, "eur", self._paid(), (3, self._note(2500, refund_amount=2500)), amount=9000)
        self._story(12, 4, "usd", self._paid(), (1, self._note(3000, credit_amount=3000)), amount=8000)
        self._story(10, 2, "gbp", self._half_paid(), (2, self._note(6000, refund_amount=1000)), amount=10000)
        self._story(11, 0, "usd", (1, self._note(1500)), (4, self._void_notes), self._paid(days=6), amount=7000)

    def _note(self, amount: int, **given: object) -> Callable[[Json], Json]:
        return lambda invoice: self.shop.stripe.create("credit_notes", invoice=invoice["id"], amount=amount, **given)

    def _half_paid(self) -> Then:
        return 0, lambda invoice: self.shop.stripe.pay(invoice["id"], CARD, invoice["amount_due"] // 2)

    def _void_notes(self, invoice: Json) -> None:
        for note in list(self.shop.stripe.list("credit_notes", invoice=invoice["id"])):
            self.shop.stripe.create(f"credit_notes/{note['id']}/void")

    # disputes ------------------------------------------------------------------------------------------------

    def _plan_disputes(self) -> None:
        self._story(6, 0, "usd", self._paid("pm_card_createDisputeInquiry"), (8, self._decide("close_inquiry")))
        self._story(7, 1, "eur", self._paid("pm_card_createDispute"), (9, self._decide("lose")))
        self._story(8, 0, "usd", self._paid(), (4, self._dispute), (10, self._decide("win")))
        self._story(25, 2, "gbp", self._paid("pm_card_createDispute"))

    def _dispute(self, invoice: Json) -> None:
        self.shop.stripe.arrange(f"charges/{self.shop.stripe.charge_of(invoice['id'])['id']}/dispute")

    def _decide(self, how: str) -> Callable[[Json], None]:
        def act(invoice: Json) -> None:
            charge = self.shop.stripe.charge_of(invoice["id"])["id"]
            for dispute in list(self.shop.stripe.list("disputes", charge=charge)):
                self.shop.stripe.arrange(f"disputes/{dispute['id']}/{how}")

        return act

    # invoices that are not paid, or not here -----------------------------------------------------------------

    def _plan_open_ones(self) -> None:
        self._story(9, 0, "usd", (4, self._now("void")))
        self._story(10, 1, "eur", (7, self._now("mark_uncollectible")))
        self._story(11, 2, "gbp", (5, self._now("pay", paid_out_of_band=True)))
        self._several_at_once(13)

    def _now(self, what: str, **given: object) -> Callable[[Json], Json]:
        return lambda invoice: self.shop.stripe.create(f"invoices/{invoice['id']}/{what}", **given)

    def _several_at_once(self, day: int) -> None:
        """One payment on two invoices."""
        made: list[Json] = []
        for _ in "ab":
            self.shop.on(day, _appended(made, self._order))
        self.shop.on(day + 2, lambda: self._pay_together(made))

    def _order(self) -> Json:
        return self.sales.invoice(self.shop.regular(3), "usd", [self.sales.line("usd")])

    def _pay_together(self, invoices: list[Json]) -> None:
        amounts = {one["id"]: one["amount_due"] for one in invoices}
        self.shop.stripe.arrange("payments", invoices=amounts)

    # the customer balance ------------------------------------------------------------------------------------

    def _plan_balances(self) -> None:
        """The balance that a credit note has left pays a part of the next invoice; a negative one leaves some more."""
        unused = [{"description": "Unused time", "amount": -4500}, {"description": "Smaller plan", "amount": 1500}]
        mixed = [{"description": "Unused time", "amount": -2000}, {"description": "Larger plan", "amount": 9000}]
        self._story(15, 4, "usd", self._paid(days=1), amount=12000)
        self.shop.on(17, lambda: self.sales.invoice(self.shop.regular(4), "usd", unused))
        self._lines(18, 5, "eur", mixed, self._paid(days=1))

    def _lines(self, day: int, regular: int, currency: str, lines: list[Json], *then: Then) -> None:
        made: list[Json] = []
        self.shop.on(day, lambda: made.append(self.sales.invoice(self.shop.regular(regular), currency, lines)))
        for days, act in then:
            self.shop.on(day + days, _with(made, act))

    # without an invoice --------------------------------------------------------------------------------------

    def _plan_checkouts(self) -> None:
        for day, regular, currency in ((7, 0, "usd"), (10, 3, "jpy"), (12, 3, "kwd"), (27, 1, "eur")):
            self._checkout(day, self.shop.minor(currency), currency, regular)
        self._checkout(14, self.shop.minor("usd"), "usd", None)
        self._checkout(11, 6000, "usd", 3, (3, self._refund_of(3000)))
        self._checkout(13, 5000, "eur", 5, (6, self._refund_of(5000)))

    def _checkout(self, day: int, amount: int, currency: str, regular: int | None, *then: Then) -> None:
        made: list[Json] = []

        def act() -> None:
            payer = {} if regular is None else {"customer": self.shop.regular(regular)}
            made.append(self.shop.stripe.arrange("charges", amount=amount, currency=currency, **payer))

        self.shop.on(day, act)
        for days, later in then:
            self.shop.on(day + days, _with(made, later))

    def _refund_of(self, amount: int) -> Callable[[Json], Json]:
        return lambda charge: self.shop.stripe.create("refunds", charge=charge["id"], amount=amount)


def _with(made: list[Json], act: Callable[[Json], object]) -> Callable[[], object]:
    return lambda: act(made[0])


def _appended(made: list[Json], make: Callable[[], Json]) -> Callable[[], object]:
    return lambda: made.append(make())
