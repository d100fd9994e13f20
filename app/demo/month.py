"""A month of business, the same for the same seed: what customers, sales people, clerks and banks do on which day."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.demo.afterwards import Afterwards
from app.demo.bank import Bank
from app.demo.clerk import Clerk
from app.demo.sales import Sales
from app.demo.shop import DAYS, Ids, Shop
from app.demo.systems import NetSuiteSandbox, StripeSandbox


@dataclass
class Month:
    """`say` tells of each day, `look_again` makes Tieout's sweeps look at everything once more."""

    stripe: StripeSandbox
    netsuite: NetSuiteSandbox
    ids: Ids
    set_clock: Callable[[datetime], object]
    start: datetime
    seed: int
    size: int
    say: Callable[[str], None]
    look_again: Callable[[], None]

    def play(self) -> None:
        shop = self._planned()
        for day in range(1, DAYS + 1):
            self.set_clock(self.start + timedelta(days=day))
            if acts := shop.due(day):
                self.say(f"day {day}")
            for act in acts:
                act()

    def _planned(self) -> Shop:
        dice = random.Random(self.seed)  # noqa: S311
        shop = Shop(self.stripe, self.netsuite, self.ids, self.size, dice, self.look_again)
        sales, bank = Sales(shop), Bank(shop)
        bank.open_accounts()
        sales.open_shop()
        for part in (sales, Afterwards(shop, sales), Clerk(shop, sales), bank):
            part.plan()
        return shop
