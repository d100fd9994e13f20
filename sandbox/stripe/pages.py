"""The pages a customer sees: a hosted invoice and its PDF."""

from __future__ import annotations

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from sandbox.stripe import totals
from sandbox.stripe.money import exponent
from sandbox.stripe.resources import billing_portal
from sandbox.stripe.world import Account, Obj, StripeWorld


async def answer(world: StripeWorld, request: Request) -> Response:
    parts = request.url.path.strip("/").split("/")
    with world.lock:
        if parts[0] == "p":
            return billing_portal.page(world, request.url.path)
        found = _invoice(world, parts)
        if found is None:
            return HTMLResponse("<h1>Not found</h1>", 404)
        if parts[-1] == "pdf":
            return Response(_pdf(found[1]), media_type="application/pdf")
        if int(request.query_params.get("e", 0)) < world.clock.timestamp():
            return HTMLResponse("<h1>This link has expired</h1><p>Contact the business for a new one.</p>", 410)
        return HTMLResponse(_page(*found))


def _invoice(world: StripeWorld, parts: list[str]) -> tuple[Account, Obj] | None:
    if len(parts) not in (3, 4) or parts[0] != "i":
        return None
    for account in world.accounts.values():
        for invoice in account.kind("invoice").values():
            if account.id == parts[1] and invoice.get("_token") == parts[2]:
                return account, invoice
    return None


def money(amount: int, currency: str) -> str:
    places = exponent(currency)
    whole, part = divmod(abs(amount), 10**places)
    text = f"{whole:,}.{part:0{places}d}" if places else f"{whole:,}"
    return f"{'-' if amount < 0 else ''}{text} {currency.upper()}"


def _page(account: Account, invoice: Obj) -> str:
    currency = invoice["currency"]
    rows = "".join(
        f"<tr><td>{escape(line['description'] or '')}</td><td>{line['quantity_decimal']}</td>"
        f"<td>{money(line['amount'], currency)}</td></tr>"
        for line in totals.lines_of(account, invoice)
    )
    sums = "".join(
        f"<tr><th colspan=2>{name}</th><td>{money(invoice[field], currency)}</td></tr>"
        for name, field in (("Subtotal", "subtotal"), ("Total", "total"), ("Remaining", "amount_remaining"))
    )
    return (
        f"<!doctype html><title>Invoice {escape(invoice['number'])}</title>"
        f"<h1>{escape(account.name)}: invoice {escape(invoice['number'])}</h1>"
        f"<p>{escape(invoice['customer_name'] or '')} &middot; {invoice['status']}</p><table>{rows}{sums}</table>"
    )


def _pdf(invoice: Obj) -> bytes:
    """A PDF of one line of text, by hand."""
    text = f"Invoice {invoice['number']}: {money(invoice['total'], invoice['currency'])}"
    drawn = f"BT /F1 18 Tf 72 720 Td ({text}) Tj ET".encode("latin-1", "replace")
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(bodies) + 1
    xref = b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    return out + xref + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, len(out))
