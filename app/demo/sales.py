"""Customers, and invoices that are paid as most are: both ways between the two systems, in five currencies."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from app.demo.shop import LAST_DEBIT, OWN_REGULARS, REGULARS, Act, Shop
from app.demo.systems import Json
from app.money import from_minor

STRIPE_CURRENCIES = ("usd", "eur", "usd", "gbp", "usd", "jpy", "eur", "kwd")
NETSUITE_CURRENCIES = ("usd", "jpy", "kwd", "gbp", "eur", "usd")
FIRST = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Frances", "John", "Radia", "Niklaus", "Margaret")
SECOND = ("Harbour", "Meadow", "Copper", "Lantern", "Juniper", "Granite", "Willow", "Falcon", "Amber", "Cedar", "Slate")
KIND = ("Studio", "Logistics", "Bakery", "Software", "Press", "Instruments", "Works", "Supply")
THINGS = ("Starter plan", "Team plan", "Seats", "Usage", "Onboarding", "Support hours", "Training")
PAID_BY = ("card", "two cards", "open", "card", "declined, then card", "in part")
PAID_BY_IN_USD = ("debit", "card", "two cards", "open", "debit", "declined, then card", "in part")
TAX = {"usd": ("8.25", False), "eur": ("19", False), "gbp": ("20", True), "jpy": ("10", False)}
"""Percentage, and whether the price includes it. None in KWD, whose amounts Stripe takes in steps of ten."""


@dataclass
class Sales:
    shop: Shop
    _tax_rates: dict[str, str] = field(default_factory=dict)
    _coupon: str = ""
    _turns: Counter[str] = field(default_factory=Counter)

    # the plan ------------------------------------------------------------------------------------------------

    def plan(self) -> None:
        shop = self.shop
        for number in range(shop.size + len(REGULARS)):
            shop.on(shop.days(1, 4), self._a_stripe_customer(number))
        for number in range(shop.netsuite_size + len(OWN_REGULARS)):
            shop.on(shop.days(1, 4), self._a_netsuite_customer(number))
        for number in range(shop.size * 2):
            self._plan_stripe_invoice(number)
        for number in range(shop.size):
            self._plan_netsuite_invoice(number)
        shop.on(9, self._nothing_to_pay)
        shop.on(16, self._changes_in_stripe)
        shop.on(18, self._changes_in_netsuite)

    def _plan_stripe_invoice(self, number: int) -> None:
        shop = self.shop
        paid_by = self._next_way(_stripe_currency(number % shop.size))
        day = shop.days(5, LAST_DEBIT - 2 if paid_by == "debit" else 26)
        made: list[Json] = []
        shop.on(day, lambda: made.append(self._stripe_invoice(number)))
        shop.on(day + shop.days(0, 2), lambda: self.pay(made[0], paid_by))

    def _plan_netsuite_invoice(self, number: int) -> None:
        shop = self.shop
        paid_by = self._next_way(_netsuite_currency(number % shop.netsuite_size))
        day = shop.days(6, LAST_DEBIT - 3 if paid_by == "debit" else 24)
        made: list[str] = []
        shop.on(day, lambda: made.append(self._netsuite_invoice(number)))
        shop.on(day + shop.days(1, 3), lambda: self.pay(shop.as_seen_in_stripe(made[0]), paid_by))

    def _next_way(self, currency: str) -> str:
        """How the next invoice in this currency is paid; each currency sees them all."""
        ways = PAID_BY_IN_USD if currency == "usd" else PAID_BY
        self._turns[currency] += 1
        return ways[(self._turns[currency] - 1) % len(ways)]

    # customers -----------------------------------------------------------------------------------------------

    def _a_stripe_customer(self, number: int) -> Act:
        name, email = _named(number)

        def act() -> None:
            made = self.shop.stripe.create("customers", name=name, email=email, phone=f"+1 555 01{number:02}")
            self.shop.stripe_customers[number] = made["id"]

        return act

    def _a_netsuite_customer(self, number: int) -> Act:
        name, email = _named(number + 100)
        ids, regular = self.shop.ids, number - self.shop.netsuite_size
        currency = OWN_REGULARS[regular] if regular >= 0 else _netsuite_currency(number)

        def act() -> None:
            body = {
                "companyName": name,
                "email": email,
                "phone": f"+1 555 02{number:02}",
                "subsidiary": {"id": ids.subsidiary},
                "currency": {"id": ids.currencies["usd"]},
                "currencyList": {"items": [{"currency": {"id": ids.currencies[currency]}}]},
            }
            self.shop.netsuite_customers[number] = self.shop.netsuite.save("customer", body)

        return act

    def _changes_in_stripe(self) -> None:
        for number in range(0, self.shop.size, 3):
            customer = self.shop.stripe_customers[number]
            self.shop.stripe.create(f"customers/{customer}", phone=f"+1 555 07{self.shop.days(10, 99)}")

    def _changes_in_netsuite(self) -> None:
        for number in range(0, self.shop.netsuite_size, 2):
            customer = self.shop.netsuite_customers[number]
            self.shop.netsuite.edit("customer", customer, {"email": f"billing{number}@changed.example"})

    # Stripe's invoices ---------------------------------------------------------------------------------------

    def open_shop(self) -> None:
        stripe = self.shop.stripe
        for currency, (percentage, inclusive) in TAX.items():
            made = stripe.create("tax_rates", display_name="Tax", percentage=percentage, inclusive=inclusive)
            self._tax_rates[currency] = made["id"]
        self._coupon = stripe.create("coupons", percent_off=10, duration="once")["id"]

    def _stripe_invoice(self, number: int) -> Json:
        of = number % self.shop.size
        customer, currency = self.shop.stripe_customers[of], _stripe_currency(of)
        lines = [self.line(currency) for _ in range(1 + number % 4)]
        more: dict[str, object] = {}
        if number % 3 == 1 and currency in self._tax_rates:
            more["default_tax_rates"] = [self._tax_rates[currency]]
        if number % 5 == 2 and currency != "kwd":
            more["discounts"] = [{"coupon": self._coupon}]
        return self.invoice(customer, currency, lines, **more)

    def line(self, currency: str) -> Json:
        return {"description": self.shop.dice.choice(THINGS), "amount": self.shop.minor(currency)}

    def invoice(self, customer: str, currency: str, lines: list[Json], **more: object) -> Json:
        terms = {"collection_method": "send_invoice", "days_until_due": 30}
        draft = self.shop.stripe.create("invoices", customer=customer, currency=currency, **terms, **more)
        self.shop.stripe.create(f"invoices/{draft['id']}/add_lines", lines=lines)
        return self.shop.stripe.create(f"invoices/{draft['id']}/finalize")

    def _nothing_to_pay(self) -> None:
        free = {"description": "Free month", "amount": 0}
        self.invoice(self.shop.stripe_customers[0], _stripe_currency(0), [free])

    # NetSuite's invoices -------------------------------------------------------------------------------------

    def _netsuite_invoice(self, number: int) -> str:
        of = number % self.shop.netsuite_size
        customer, currency = self.shop.netsuite_customers[of], _netsuite_currency(of)
        lines = [self._netsuite_line(currency, index) for index in range(1 + number % 3)]
        if number % 4 == 1:
            lines.append({"item": {"id": self.shop.ids.discount_item}, "amount": str(-from_minor(500, currency))})
        more = self._taxed(lines[0]) if number % 4 == 2 else {}
        return self.own_invoice(customer, currency, lines, **more)

    def own_invoice(self, customer: str, currency: str, lines: list[Json], **more: object) -> str:
        body = {"entity": {"id": customer}, "currency": {"id": self.shop.ids.currencies[currency]}}
        return self.shop.netsuite.save("invoice", {**body, "item": {"items": lines}, **more})

    def _netsuite_line(self, currency: str, index: int) -> Json:
        amount = str(from_minor(self.shop.minor(currency), currency))
        return self.own_line(amount) | {"taxDetailsReference": f"line{index}"}

    def own_line(self, amount: str) -> Json:
        return {"item": {"id": self.shop.ids.item}, "quantity": 1, "rate": amount}

    def _taxed(self, line: Json) -> Json:
        """Ten per cent of the first line, rounded up to a unit that every currency has."""
        tax, ids = (Decimal(line["rate"]) / 10).to_integral_value(), self.shop.ids
        detail = {"taxType": {"id": ids.tax_type}, "taxCode": {"id": ids.tax_code}, "taxRate": "10"}
        detail |= {"taxDetailsReference": "line0", "taxBasis": line["rate"], "taxAmount": str(tax)}
        return {"taxDetailsOverride": True, "taxDetails": {"items": [detail]}}

    # payments ------------------------------------------------------------------------------------------------

    def pay(self, invoice: Json, paid_by: str) -> None:
        for method, amount in _payments(invoice, paid_by):
            self.shop.stripe.pay(invoice["id"], method, amount)


def _payments(invoice: Json, paid_by: str) -> Iterator[tuple[str, int | None]]:
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


def _stripe_currency(number: int) -> str:
    return STRIPE_CURRENCIES[number % len(STRIPE_CURRENCIES)]


def _netsuite_currency(number: int) -> str:
    return NETSUITE_CURRENCIES[number % len(NETSUITE_CURRENCIES)]


def _named(number: int) -> tuple[str, str]:
    name = f"{FIRST[number % len(FIRST)]} {SECOND[(number * 7) % len(SECOND)]} {KIND[number % len(KIND)]}"
    return f"{name} {number}", f"accounts{number}@{SECOND[(number * 7) % len(SECOND)].lower()}.example"
