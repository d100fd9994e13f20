"""What a previewed write does to NetSuite's ledger: debits and credits by account.

Where the choice is NetSuite's own (an item's income account, a default receivable, the amount of a payment that a
deposit takes up) the line says so. Nothing is estimated.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

from app.core.posting import Books, Effect, Side, amount_of, applied, named, on, signed
from app.core.preview import Written


def effect_of(written: Written) -> Effect | None:
    """None for what touches no ledger at all: Stripe's side, customers, custom records."""
    if written.system != "netsuite":
        return None
    kind = written.target.split(" -> ")[-1].split(" ")[0]
    if written.operation in ("upsert", "create", "transform"):
        post = _POSTS.get(kind)
        return None if post is None else _posted(post, written)
    if kind not in _POSTS:
        return None
    if written.operation == "patch":
        return _patched(written)
    sentence = _UNDONE.get(written.operation)
    return Effect(written.target, sentence=sentence) if sentence else None


_UNDONE = {
    "void": "NetSuite reverses every line that the record has posted, in the void's own period.",
    "delete": "Every line that the record has posted goes with it.",
}


def _posted(post: "Callable[[Books], Effect]", written: Written) -> Effect:
    return post(Books(written.target, written.body, written.origins))


def _patched(written: Written) -> Effect:
    touched = {name.lower() for name in written.body}
    if "exchangerate" in touched:
        said = "The same amounts at another rate: NetSuite values the record's lines in the base currency anew."
    elif touched & {"item", "line", "apply", "payment", "other", "cashback", "account", "trandate", "postingperiod"}:
        said = "Lines, account or date of a posted record change: NetSuite posts it anew, as it then stands."
    else:
        return Effect(written.target, sentence="No line changes: only fields that are not posted.")
    return Effect(written.target, sentence=said)


# one record type each ----------------------------------------------------------------------------------------------


def _sale(books: Books, against: Side, *, back: bool = False) -> Effect:
    """Items on one side, what they are owed or paid by on the other; `back`: given back."""
    items = books.items()
    if not items:
        source = books.target.split(" -> ")[0]
        return books.effect((), f"NetSuite takes the lines over from {source}: the same accounts and amounts.")
    whole = sum((amount for _, amount in items), Decimal(0))
    lines = [on(against, -whole if back else whole)]
    return books.effect([*lines, *(on(side, amount if back else -amount) for side, amount in items)])


def _invoice(books: Books) -> Effect:
    return _sale(books, books.receivable("account"))


def _credit_memo(books: Books) -> Effect:
    return _sale(books, books.receivable("account"), back=True)


def _cash_sale(books: Books) -> Effect:
    return _sale(books, books.money("Money received"))


def _cash_refund(books: Books) -> Effect:
    return _sale(books, books.money("Money given back"), back=True)


def _payment(books: Books) -> Effect:
    whole = amount_of(books.body.get("payment"))
    return books.effect([on(books.money("Money received"), whole), on(books.receivable("arAcct"), -whole)])


def _customer_deposit(books: Books) -> Effect:
    whole = amount_of(books.body.get("payment"))
    return books.effect([on(books.money("Money received"), whole), on(_CUSTOMER_DEPOSITS, -whole)])


def _deposit_application(books: Books) -> Effect:
    whole = applied(books, "apply")
    return books.effect([on(_CUSTOMER_DEPOSITS, whole), on(books.receivable("arAcct"), -whole)])


def _refund(books: Books) -> Effect:
    credit, deposits = applied(books, "apply"), applied(books, "deposit")
    lines = [on(books.receivable("arAcct"), credit)] if credit else []
    lines += [on(_CUSTOMER_DEPOSITS, deposits)] if deposits else []
    return books.effect([*lines, on(books.money("Money given back"), -(credit + deposits))])


def _deposit(books: Books) -> Effect:
    taken = [line for _, line in books.lines("payment") if line.get("deposit")]
    lines = [
        on(named(books, name, number, line), sign * amount_of(line.get("amount")))
        for name, sign in (("other", -1), ("cashBack", 1))
        for number, line in books.lines(name)
    ]
    bank = books.account("account", "Bank", "the account that NetSuite's preferences name")
    if not taken:
        whole = -sum((signed(line) for line in lines), Decimal(0))
        return books.effect([on(bank, whole), *lines])
    words = f"{len(taken)} record{'s' if len(taken) > 1 else ''} taken up from there"
    funds = Side(words, by_netsuite="Undeposited Funds, with the amounts of these records", side="credit")
    said = "The bank receives the records taken up, less what the other lines say."
    return books.effect([replace(bank, side="debit"), funds, *lines], said)


def _journal(books: Books) -> Effect:
    lines = []
    for number, line in books.lines("line"):
        amount = amount_of(line.get("debit")) - amount_of(line.get("credit"))
        lines.append(on(named(books, "line", number, line), amount))
    return books.effect(lines)


_CUSTOMER_DEPOSITS = Side("Customer deposits", by_netsuite="the account for customer deposits")

_POSTS: Mapping[str, "Callable[[Books], Effect]"] = {
    "invoice": _invoice,
    "creditMemo": _credit_memo,
    "cashSale": _cash_sale,
    "cashRefund": _cash_refund,
    "customerPayment": _payment,
    "customerDeposit": _customer_deposit,
    "depositApplication": _deposit_application,
    "customerRefund": _refund,
    "deposit": _deposit,
    "journalEntry": _journal,
}
