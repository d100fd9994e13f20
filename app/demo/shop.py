"""What everybody in the month works with: both systems, the calendar, the customers, and the dice."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from app.demo.systems import Json, NetSuiteSandbox, StripeSandbox, wait_for
from app.money import exponent

DAYS = 30
LAST_DEBIT = 22
"""A bank debit takes days to settle; one started later would not within the month."""
SETTLED = ("usd", "eur", "gbp")
"""Currencies that have a bank account of their own; all others settle in the first."""
REGULARS = ("usd", "eur", "gbp", "usd", "usd", "eur")
"""Customers of their own for what happens besides ordinary sales, by currency."""
OWN_REGULARS = ("usd", "eur")
"""The same in NetSuite."""

Act = Callable[[], object]


@dataclass(frozen=True)
class Ids:
    """What the sales person picks from NetSuite's lists. `guests`: the customer for sales to nobody in particular."""

    subsidiary: str
    currencies: dict[str, str]
    item: str
    discount_item: str
    bad_debt_item: str
    tax_type: str
    tax_code: str
    guests: str = ""


@dataclass
class Shop:
    stripe: StripeSandbox
    netsuite: NetSuiteSandbox
    ids: Ids
    size: int
    dice: random.Random
    look_again: Callable[[], None]
    patience: float = 20.0
    stripe_customers: dict[int, str] = field(default_factory=dict)
    netsuite_customers: dict[int, str] = field(default_factory=dict)
    _plan: dict[int, list[Act]] = field(default_factory=dict)

    # the calendar --------------------------------------------------------------------------------------------

    def on(self, day: int, act: Act) -> None:
        self._plan.setdefault(min(day, DAYS), []).append(act)

    def due(self, day: int) -> list[Act]:
        return self._plan.get(day, [])

    def days(self, first: int, last: int) -> int:
        return self.dice.randint(first, last)

    # money and customers -------------------------------------------------------------------------------------

    def minor(self, currency: str) -> int:
        """Something between 20 and 900 units, in steps that Stripe takes; a yen is a hundredth of the others."""
        minor = self.days(2000, 90000)
        return minor if exponent(currency) < 3 else minor * 10

    def regular(self, number: int) -> str:
        """Stripe id of one of `REGULARS`."""
        return self.stripe_customers[self.size + number]

    @property
    def netsuite_size(self) -> int:
        return (self.size + 1) // 2

    def own_regular(self, number: int) -> str:
        """NetSuite id of one of `OWN_REGULARS`."""
        return self.netsuite_customers[self.netsuite_size + number]

    # what Tieout has to bring first --------------------------------------------------------------------------

    def as_seen_in_stripe(self, invoice: str) -> Json:
        """The Stripe invoice that came of NetSuite's; waits for it as the customer would for the mail."""
        found: list[Json] = []

        def there() -> bool:
            named = self.netsuite.record("invoice", invoice).get("custbody_tieout_stripe_id")
            found.extend(self.stripe.get(f"invoices/{named}") for _ in range(1 if named else 0))
            return bool(found)

        self.wait(there, f"NetSuite invoice {invoice} on its way to Stripe")
        return found[0]

    def wait(self, there: Callable[[], bool], what: str) -> None:
        try:
            wait_for(there, what, seconds=self.patience)
        except TimeoutError:
            # NetSuite's script tells once and never again
            self.look_again()
            wait_for(there, what, seconds=self.patience * 6)
