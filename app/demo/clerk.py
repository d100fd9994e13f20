"""What NetSuite's people do to invoices that Stripe collects: change, withdraw, take checks for, and give credit."""

from collections.abc import Callable
from dataclasses import dataclass

from app.demo.sales import Sales
from app.demo.shop import OWN_REGULARS, Shop
from app.demo.systems import Json


@dataclass
class Clerk:
    shop: Shop
    sales: Sales

    def plan(self) -> None:
        self.shop.on(1, self._looks_after_guests)
        self._story(6, 0, self._change_memo)
        self._story(7, 1, self._change_amount)
        self._story(8, 0, self._void)
        self._story(9, 0, self._delete)
        self._story(10, 1, self._check("200"))
        self._story(11, 0, self._check("80"))
        self._story(12, 0, self._credit("200", self.shop.ids.item))
        self._story(13, 1, self._credit("200", self.shop.ids.bad_debt_item))

    def _looks_after_guests(self) -> None:
        if self.shop.ids.guests:
            self.shop.netsuite.edit("customer", self.shop.ids.guests, {"phone": "+1 555 0300"})

    def _story(self, day: int, regular: int, act: Callable[[str, int], object]) -> None:
        """An invoice over 200 units, and four days later what becomes of it."""
        made: list[str] = []
        self.shop.on(day, lambda: made.append(self._invoice(regular)))
        self.shop.on(day + 4, lambda: self._once_sent(made[0], lambda: act(made[0], regular)))

    def _invoice(self, regular: int) -> str:
        customer = self.shop.own_regular(regular)
        return self.sales.own_invoice(customer, OWN_REGULARS[regular], [self.sales.own_line("200")])

    def _once_sent(self, invoice: str, act: Callable[[], object]) -> None:
        self.shop.as_seen_in_stripe(invoice)
        act()

    # changes -------------------------------------------------------------------------------------------------

    def _change_memo(self, invoice: str, _: int) -> None:
        self.shop.netsuite.edit("invoice", invoice, {"memo": "Thank you for your order"})

    def _change_amount(self, invoice: str, _: int) -> None:
        line = self.sales.own_line("260") | {"line": 1, "amount": "260"}
        self.shop.netsuite.edit("invoice", invoice, {"item": {"items": [line]}})

    def _void(self, invoice: str, _: int) -> None:
        self.shop.netsuite.void("invoice", invoice)

    def _delete(self, invoice: str, _: int) -> None:
        self.shop.netsuite.delete("invoice", invoice)

    # money and credit ----------------------------------------------------------------------------------------

    def _check(self, amount: str) -> Callable[[str, int], None]:
        def act(invoice: str, regular: int) -> None:
            body = self._of(regular, "customer") | {"payment": amount, "apply": _applied(invoice, amount)}
            self.shop.netsuite.save("customerPayment", body)

        return act

    def _credit(self, amount: str, item: str) -> Callable[[str, int], None]:
        def act(invoice: str, regular: int) -> None:
            line = {"item": {"id": item}, "quantity": 1, "rate": amount}
            body = self._of(regular, "entity") | {"item": {"items": [line]}, "apply": _applied(invoice, amount)}
            self.shop.netsuite.save("creditMemo", body)

        return act

    def _of(self, regular: int, party: str) -> Json:
        currency = self.shop.ids.currencies[OWN_REGULARS[regular]]
        return {party: {"id": self.shop.own_regular(regular)}, "currency": {"id": currency}}


def _applied(invoice: str, amount: str) -> Json:
    return {"items": [{"doc": {"id": invoice}, "apply": True, "amount": amount}]}
