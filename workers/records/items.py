"""Which NetSuite item a Stripe line is posted to."""

from collections.abc import Iterable
from typing import Any

from app.core.config import Books, required
from app.core.interfaces import Ledger
from app.errors import Unmapped
from app.systems.stripe import objects as st


def item_of(line: st.InvoiceLine, books: Books, place: str) -> str:
    """By the line's own metadata, by price, by product, else the default. Raises Unmapped when none is set.

    `place`: where the books are set, which is the account's name, or a subsidiary of it (`Config.place_of`).
    """
    items = books.items
    found = (
        line.metadata.get(items.metadata_key)
        or items.by_price.get(line.price or "")
        or items.by_product.get(line.product or "")
        or items.default
    )
    if not found:
        where = f"by_price.{line.price}" if line.price else "default"
        what = line.description or line.id
        raise Unmapped(f"No NetSuite item is set for “{what}”.", setting=f"books.{place}.items.{where}")
    return found


def with_products(lines: Iterable[st.InvoiceLine], books: Books, to: Ledger[Any]) -> Books:
    """The books with the items that Stripe's products name in their metadata; what the map says comes first."""
    items = books.items
    if items.product_metadata_key is None:
        return books
    asked = {line.product for line in lines if line.product and line.product not in items.by_product}
    said = {product: to.stripe.product_metadata(product).get(items.product_metadata_key) for product in sorted(asked)}
    found = {product: item for product, item in said.items() if item}
    return books.model_copy(update={"items": items.model_copy(update={"by_product": {**found, **items.by_product}})})


def item_for(purpose: str, books: Books, place: str) -> str:
    """`purpose`: discount, tax, shipping, balance, dispute or bad_debt."""
    chosen: str | None = getattr(books.items, purpose)
    return required(chosen, f"books.{place}.items.{purpose}", f"No NetSuite item is set for {purpose}.")
