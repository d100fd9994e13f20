"""A month of business, the same for the same seed: what customers, a sales person and a bank do on which day."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from app.demo.systems import Json, NetSuiteSandbox, StripeSandbox, wait_for
from app.money import exponent, from_minor

DAYS = 30
LAST_DEBIT = 22
"""A bank debit takes days to settle; one started later would not within the month."""
STRIPE_CURRENCIES = ("usd", "eur", "usd", "gbp", "usd", "jpy", "eur", "kwd")
NETSUITE_CURRENCIES = ("usd", "eur", "kwd", "gbp", "jpy", "usd")
FIRST = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Frances", "John", "Radia", "Niklaus", "Margaret")
SECOND = ("Harbour", "Meadow", "Copper", "Lantern", "Juniper", "Granite", "Willow", "Falcon", "Amber", "Cedar", "Slate")
KIND = ("Studio", "Logistics", "Bakery", "Software", "Press", "Instruments", "Works", "Supply")
THINGS = ("Starter plan", "Team plan", "Seats", "Usage", "Onboarding", "Support hours", "Training")
PAID_BY = ("card", "two cards", "open", "card", "declined, then card", "in part")
PAID_BY_IN_USD = ("debit", "card", "two cards", "open", "debit", "declined, then card", "in part")
TAX = {"usd": ("8.25", False), "eur": ("19", False), "gbp": ("20", True), "jpy": ("10", False)}
"""Percentage, and whether the price includes it. None in KWD, whose amounts Stripe takes in steps of ten."""

Act = Callable[[], None]


def _stripe_currency(number: int) -> str:
    return STRIPE_CURRENCIES[number % len(STRIPE_CURRENCIES)]


def _netsuite_currency(number: int) -> str:
    return NETSUITE_CURRENCIES[number % len(NETSUITE_CURRENCIES)]


@dataclass(frozen=True)
class Ids:
    """What the sales person picks from NetSuite's lists."""

    subsidiary: str
    currencies: dict[str, str]
    item: str
    discount_item: str
    tax_type: str
    tax_code: str


@dataclass
class Month:
    stripe: StripeSandbox
    netsuite: NetSuiteSandbox
    ids: Ids
    set_clock: Callable[[datetime], object]
    start: datetime
    seed: int
    size: int
    say: Callable[[str], None]
    look_again: Callable[[], None]
    patience: float = 20.0
    _plan: dict[int, list[Act]] = field(default_factory=dict)
    _tax_rates: dict[str, str] = field(default_factory=dict)
    _stripe_customers: dict[int, str] = field(default_factory=dict)
    _netsuite_customers: dict[int, str] = field(default_factory=dict)
    _turns: Counter[str] = field(default_factory=Counter)

    def play(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311
        self._open_shop()
        self._make_plan()
        for day in range(1, DAYS + 1):
            self.set_clock(self.start + timedelta(days=day))
            if acts := self._plan.get(day):
                self.say(f"day {day}")
            for act in acts or ():
                act()

    def _on(self, day: int, act: Act) -> None:
        self._plan.setdefault(min(day, DAYS), []).append(act)

    def _days(self, first: int, last: int) -> int:
        return self._random.randint(first, last)

    # the plan ------------------------------------------------------------------------------------------------

    def _make_plan(self) -> None:
        for number in range(self.size):
            self._on(self._days(1, 4), self._a_stripe_customer(number))
        for number in range(self._netsuite_size):
            self._on(self._days(1, 4), self._a_netsuite_customer(number))
        for number in range(self.size * 2):
            self._plan_stripe_invoice(number)
        for number in range(self.size):
            self._plan_netsuite_invoice(number)
        self._on(9, self._nothing_to_pay)
        self._on(16, self._changes_in_stripe)
        self._on(18, self._changes_in_netsuite)

    def _plan_stripe_invoice(self, number: int) -> None:
        paid_by = self._next_way(_stripe_currency(number % self.size))
        day = self._days(5, LAST_DEBIT - 2 if paid_by == "debit" else 26)
        made: list[Json] = []
        self._on(day, lambda: made.append(self._stripe_invoice(number)))
        self._on(day + self._days(0, 2), lambda: self._pay(made[0], paid_by))

    def _plan_netsuite_invoice(self, number: int) -> None:
        paid_by = self._next_way(_netsuite_currency(number % self._netsuite_size))
        day = self._days(6, LAST_DEBIT - 3 if paid_by == "debit" else 24)
        made: list[str] = []
        self._on(day, lambda: made.append(self._netsuite_invoice(number)))
        self._on(day + self._days(1, 3), lambda: self._pay(self._as_seen_in_stripe(made[0]), paid_by))

    @property
    def _netsuite_size(self) -> int:
        return (self.size + 1) // 2

    def _next_way(self, currency: str) -> str:
        """How the next invoice in this currency is paid; each currency sees them all."""
        ways = PAID_BY_IN_USD if currency == "usd" else PAID_BY
        self._turns[currency] += 1
        return ways[(self._turns[currency] - 1) % len(ways)]

    # customers -----------------------------------------------------------------------------------------------

    def _a_stripe_customer(self, number: int) -> Act:
        name, email = self._named(number)

        def act() -> None:
            made = self.stripe.create("customers", name=name, email=email, phone=f"+1 555 01{number:02}")
            self._stripe_customers[number] = made["id"]

        return act

    def _a_netsuite_customer(self, number: int) -> Act:
        name, email = self._named(number + 100)
        currency = self.ids.currencies[_netsuite_currency(number)]

        def act() -> None:
            body = {
                "companyName": name,
                "email": email,
                "phone": f"+1 555 02{number:02}",
                "subsidiary": {"id": self.ids.subsidiary},
                "currency": {"id": self.ids.currencies["usd"]},
                "currencyList": {"items": [{"currency": {"id": currency}}]},
            }
            self._netsuite_customers[number] = self.netsuite.save("customer", body)

        return act

    def _named(self, number: int) -> tuple[str, str]:
        name = f"{FIRST[number % len(FIRST)]} {SECOND[(number * 7) % len(SECOND)]} {KIND[number % len(KIND)]}"
        return f"{name} {number}", f"accounts{number}@{SECOND[(number * 7) % len(SECOND)].lower()}.example"

    def _changes_in_stripe(self) -> None:
        for number in range(0, self.size, 3):
            customer = self._stripe_customers[number]
            self.stripe.create(f"customers/{customer}", phone=f"+1 555 07{self._days(10, 99)}")

    def _changes_in_netsuite(self) -> None:
        for number in range(0, self._netsuite_size, 2):
            customer = self._netsuite_customers[number]
            self.netsuite.edit("customer", customer, {"email": f"billing{number}@changed.example"})

    # invoices ------------------------------------------------------------------------------------------------

    def _open_shop(self) -> None:
        for currency, (percentage, inclusive) in TAX.items():
            made = self.stripe.create("tax_rates", display_name="Tax", percentage=percentage, inclusive=inclusive)
            self._tax_rates[currency] = made["id"]
        self._coupon = self.stripe.create("coupons", percent_off=10, duration="once")["id"]

    def _stripe_invoice(self, number: int) -> Json:
        of = number % self.size
        customer, currency = self._stripe_customers[of], _stripe_currency(of)
        lines = [self._stripe_line(currency) for _ in range(1 + number % 4)]
        more: dict[str, object] = {}
        if number % 3 == 1 and currency in self._tax_rates:
            more["default_tax_rates"] = [self._tax_rates[currency]]
        if number % 5 == 2 and currency != "kwd":
            more["discounts"] = [{"coupon": self._coupon}]
        return self._finalized(customer, currency, lines, **more)

    def _stripe_line(self, currency: str) -> Json:
        return {"description": self._random.choice(THINGS), "amount": self._minor(currency)}

    def _finalized(self, customer: str, currency: str, lines: list[Json], **more: object) -> Json:
        terms = {"collection_method": "send_invoice", "days_until_due": 30}
        draft = self.stripe.create("invoices", customer=customer, currency=currency, **terms, **more)
        self.stripe.create(f"invoices/{draft['id']}/add_lines", lines=lines)
        return self.stripe.create(f"invoices/{draft['id']}/finalize")

    def _nothing_to_pay(self) -> None:
        self._finalized(self._stripe_customers[0], _stripe_currency(0), [{"description": "Free month", "amount": 0}])

    def _netsuite_invoice(self, number: int) -> str:
        of = number % self._netsuite_size
        customer, currency = self._netsuite_customers[of], _netsuite_currency(of)
        lines = [self._netsuite_line(currency, index) for index in range(1 + number % 3)]
        body: Json = {"entity": {"id": customer}, "currency": {"id": self.ids.currencies[currency]}}
        if number % 4 == 1:
            lines.append({"item": {"id": self.ids.discount_item}, "amount": str(-from_minor(500, currency))})
        body["item"] = {"items": lines}
        if number % 4 == 2:
            body |= self._taxed(lines[0])
        return self.netsuite.save("invoice", body)

    def _netsuite_line(self, currency: str, index: int) -> Json:
        amount = str(from_minor(self._minor(currency), currency))
        return {"item": {"id": self.ids.item}, "quantity": 1, "rate": amount, "taxDetailsReference": f"line{index}"}

    def _taxed(self, line: Json) -> Json:
        """Ten per cent of the first line, rounded up to a unit that every currency has."""
        tax = (Decimal(line["rate"]) / 10).to_integral_value()
        detail = {"taxType": {"id": self.ids.tax_type}, "taxCode": {"id": self.ids.tax_code}, "taxRate": "10"}
        detail |= {"taxDetailsReference": "line0", "taxBasis": line["rate"], "taxAmount": str(tax)}
        return {"taxDetailsOverride": True, "taxDetails": {"items": [detail]}}

    def _minor(self, currency: str) -> int:
        """Something between 20 and 900 units, in steps that Stripe takes; a yen is a hundredth of the others."""
        minor = self._days(2000, 90000)
        return minor if exponent(currency) < 3 else minor * 10

    # payments ------------------------------------------------------------------------------------------------

    def _as_seen_in_stripe(self, invoice: str) -> Json:
        """The Stripe invoice that came of it; waits for it as the customer would for the mail."""
        found: list[Json] = []

        def there() -> bool:
            named = self.netsuite.record("invoice", invoice).get("custbody_tieout_stripe_id")
            found.extend(self.stripe.get(f"invoices/{named}") for _ in range(1 if named else 0))
            return bool(found)

        what = f"NetSuite invoice {invoice} on its way to Stripe"
        try:
            wait_for(there, what, seconds=self.patience)
        except TimeoutError:
            # NetSuite's script tells once and never again
            self.look_again()
            wait_for(there, what, seconds=self.patience * 6)
        return found[0]

    def _pay(self, invoice: Json, paid_by: str) -> None:
        for method, amount in self._payments(invoice, paid_by):
            self.stripe.pay(invoice["id"], method, amount)

    def _payments(self, invoice: Json, paid_by: str) -> Iterator[tuple[str, int | None]]:
        half = invoice["amount_due"] // 20 * 10
        match paid_by:
            case "card":
                yield "pm_card_visa", None
            case "debit":
                yield "pm_usBankAccount_success", None
            case "two cards":
                yield "pm_card_visa", half
                yield "pm_card_mastercard", None
            case "declined, then card":
                yield "pm_card_visa_chargeDeclined", None
                yield "pm_card_amex", None
            case "in part":
                yield "pm_card_visa", half
            case _:
                return
