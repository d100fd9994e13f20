"""Which NetSuite item a Stripe line is posted to."""

from app.core.config import Books, required
from app.errors import Unmapped
from app.systems.stripe import objects as st


def item_of(line: st.InvoiceLine, books: Books, account: str) -> str:
    """By the line's own metadata, by price, by product, else the default. Raises Unmapped when none is set."""
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
        raise Unmapped(f"No NetSuite item is set for “{what}”.", setting=f"books.{account}.items.{where}")
    return found


def item_for(purpose: str, books: Books, account: str) -> str:
    """`purpose`: discount, tax, shipping or balance."""
    chosen: str | None = getattr(books.items, purpose)
    return required(chosen, f"books.{account}.items.{purpose}", f"No NetSuite item is set for {purpose}.")
