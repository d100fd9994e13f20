"""Money on its way to the bank: weekly payouts, one that comes back, one by hand; fees and reserves."""

from dataclasses import dataclass, field

from app.demo.shop import SETTLED, Act, Shop
from app.demo.systems import Json

PAYOUT_DAYS = (8, 15, 22, 29)
BY_HAND = 20


@dataclass
class Bank:
    shop: Shop
    _payouts: list[Json] = field(default_factory=list)

    def open_accounts(self) -> None:
        self.shop.stripe.arrange("settings", settlement_currencies=list(SETTLED))

    def plan(self) -> None:
        for day in PAYOUT_DAYS:
            self.shop.on(day, self._pay_out)
        self.shop.on(19, self._one_comes_back)
        self.shop.on(BY_HAND, self._by_hand)
        for day, kind, amount in (
            (12, "reserve_transaction", -2000),
            (14, "adjustment", -123),
            (26, "reserve_transaction", 2000),
            (28, "stripe_fee", -2500),
            (30, "stripe_fee", -400),
        ):
            self.shop.on(day, self._moves(kind, amount))

    def _pay_out(self) -> None:
        self._payouts += self.shop.stripe.arrange("payouts")["payouts"]

    def _one_comes_back(self) -> None:
        """The latest dollars: they have reached the account, which turns out to be closed."""
        dollars = [one["id"] for one in self._payouts if one["currency"] == SETTLED[0]]
        if dollars:
            name = f"stripe-dep-{dollars[-1]}"
            self.shop.wait(lambda: self.shop.netsuite.has("deposit", name), f"the deposit of payout {dollars[-1]}")
            self.shop.stripe.arrange(f"payouts/{dollars[-1]}/fail")

    def _by_hand(self) -> None:
        """Half of the dollars at hand, at once."""
        held = self.shop.stripe.get("balance")["available"]
        amount = sum(one["amount"] for one in held if one["currency"] == SETTLED[0]) // 2
        if amount > 100:
            self.shop.stripe.create("payouts", amount=amount, currency=SETTLED[0], method="instant")

    def _moves(self, kind: str, amount: int) -> Act:
        return lambda: self.shop.stripe.arrange("balance_transactions", type=kind, amount=amount)
