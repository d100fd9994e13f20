from decimal import Decimal

import pytest

from app.errors import Held
from app.systems.netsuite import objects as ns
from tests.workers.records.builders import invoice
from workers.records.outside import Applied, Books, check, nothing_taken_back


def books(left: str, asks: int, *applied: Applied, reported: dict[str, int] | None = None) -> Books:
    source = ns.Invoice(id="7", entity="1", tran_id="INV7", total=Decimal(40), amount_remaining=Decimal(left))
    unknown = tuple(one for one in applied if one.doc not in (reported or {}))
    return Books(source, invoice(4000, amount_remaining=asks), applied, unknown, reported or {})


def payment(amount: int, doc: str = "8") -> Applied:
    return Applied(doc, "customerPayment", amount)


def test_what_leaves_both_sides_equal_is_sound() -> None:
    both = books("25", 4000, payment(1500))
    check(both, both.unknown)


def test_more_than_stripe_asks_for_is_held() -> None:
    both = books("0", 2500, payment(4000))
    with pytest.raises(Held, match=r"received or credited 40.00 USD that Stripe does not know of, but Stripe asks"):
        check(both, both.unknown)


def test_a_stripe_that_would_ask_for_more_than_netsuite_is_held() -> None:
    both = books("10", 4000, payment(1500))
    with pytest.raises(Held, match=r"says that 10.00 USD is left to pay, but Stripe asks for 25.00 USD"):
        check(both, both.unknown)


def test_a_stripe_that_asks_for_less_has_received_what_netsuite_will_learn() -> None:
    both = books("25", 3000, payment(1500))
    check(both, both.unknown)


def test_what_is_applied_still_was_not_taken_back() -> None:
    nothing_taken_back(books("25", 2500, payment(1500), reported={"8": 1500}))


@pytest.mark.parametrize("now", [(), (payment(1000),)], ids=["unapplied", "lowered"])
def test_what_is_applied_no_more_is_held(now: tuple[Applied, ...]) -> None:
    with pytest.raises(Held, match=r"took 8 back from invoice INV7 after Stripe was told of 15.00 USD"):
        nothing_taken_back(books("40", 2500, *now, reported={"8": 1500}))
