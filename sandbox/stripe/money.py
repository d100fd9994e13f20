"""Stripe's currencies: how many decimals, which amounts are accepted, what is charged for them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from sandbox.stripe.errors import InvalidRequest

# https://docs.stripe.com/currencies#zero-decimal
ZERO_DECIMAL = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf".split())
THREE_DECIMAL = frozenset("bhd jod kwd omr tnd".split())
KNOWN = (
    ZERO_DECIMAL
    | THREE_DECIMAL
    | frozenset(
        "aed all ars aud bam bdt bgn bob brl cad chf cny cop crc czk dkk dop egp eur gbp gel ghs gtq hkd hnl huf "
        "idr ils inr isk jmd kes kzt lkr mad mdl mop mur mxn myr ngn nok npr nzd pab pen php pkr pln qar ron rsd "
        "rub sar sek sgd thb try twd tzs uah usd uyu uzs zar".split()
    )
)
# https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
MINIMUM = {
    "usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250,
    "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300,
    "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
}  # fmt: skip
MAXIMUM = 99_999_999

# what one major unit is worth in US dollars, until told otherwise
RATES = {
    "usd": Decimal(1), "eur": Decimal("1.0842"), "gbp": Decimal("1.2713"), "jpy": Decimal("0.006671"),
    "cad": Decimal("0.7312"), "aud": Decimal("0.6521"), "chf": Decimal("1.1324"), "kwd": Decimal("3.2514"),
    "bhd": Decimal("2.6525"), "isk": Decimal("0.00723"), "sek": Decimal("0.0957"), "nok": Decimal("0.0921"),
    "dkk": Decimal("0.1453"), "mxn": Decimal("0.0541"), "krw": Decimal("0.000741"),
}  # fmt: skip


def exponent(currency: str) -> int:
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def rounded(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def check_currency(currency: str, param: str = "currency") -> str:
    """The code in lower case; raises InvalidRequest for one Stripe doesn't know."""
    lowered = currency.lower()
    if lowered not in KNOWN:
        raise InvalidRequest(f"Invalid currency: {lowered}. Stripe currently supports these currencies", param=param)
    return lowered


def check_amount(amount: int, currency: str, param: str = "amount") -> int:
    """Refuse what can't be paid in this currency, of any sign."""
    if abs(amount) > MAXIMUM:
        raise InvalidRequest(f"Amount must be no more than {MAXIMUM}", code="amount_too_large", param=param)
    if currency in THREE_DECIMAL and amount % 10:
        raise InvalidRequest(
            f"Invalid amount: the last digit of a three-decimal {currency} amount must be 0",
            code="invalid_charge_amount_three_decimal_compatible",
            param=param,
        )
    if currency == "isk" and amount % 100:
        raise InvalidRequest(
            "Invalid amount: isk takes no fractions, amounts are multiples of 100",
            code="invalid_charge_amount_no_decimal_compatible",
            param=param,
        )
    return amount


def minimum(currency: str) -> int:
    return MINIMUM.get(currency, 10 if currency in THREE_DECIMAL else 1)


def check_chargeable(amount: int, currency: str) -> int:
    check_amount(amount, currency)
    if amount < minimum(currency):
        raise InvalidRequest(
            f"Amount must be at least {minimum(currency)} {currency}", code="amount_too_small", param="amount"
        )
    return amount


@dataclass(frozen=True)
class Fees:
    """Processing fees in the settlement currency's minor units: cards 2.9 % + 30, bank debits 0.8 % up to 500."""

    card_rate: Decimal = Decimal("0.029")
    card_fixed: int = 30
    debit_rate: Decimal = Decimal("0.008")
    debit_most: int = 500

    def fee(self, settled: int, payment_method_type: str) -> int:
        if payment_method_type == "card":
            return rounded(settled * self.card_rate) + self.card_fixed
        return min(rounded(settled * self.debit_rate), self.debit_most)


def minor_rate(currency: str, to: str, major_rate: Decimal) -> Decimal:
    """The rate between minor units, as `exchange_rate` has it: 1000 JPY at 0.67 are 670 cents."""
    return major_rate.scaleb(exponent(to) - exponent(currency))
