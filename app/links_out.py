"""The two links that customers get: `/pay/{token}` and `/portal/{token}`, which never go stale.

Stripe's hosted invoice page expires (docs.stripe.com/invoicing/hosted-invoice-page) and changes when an invoice is
revised; a portal session lasts minutes and logs its bearer in. So what is written into NetSuite is a link of our own
that asks Stripe on each visit. The token names the record and carries our signature: it needs no table and no expiry.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal, Protocol

import msgspec
from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.core.interfaces import Links, Stripe
from app.errors import NotFound, TieoutError
from app.systems.stripe.objects import Invoice

_MAC_BYTES = 16
_LONGEST_TOKEN = 1024
# The target is a credential, so it must not be kept, nor handed on as a referrer.
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}


@dataclass(frozen=True)
class Payable:
    """What a payment link stands for: a NetSuite invoice, whichever Stripe invoice is its current one, or one of
    Stripe's by its id."""

    account: str
    system: Literal["netsuite", "stripe"]
    invoice: str


@dataclass(frozen=True)
class Visitor:
    """Whose portal a portal link opens."""

    account: str
    customer: str


class Destinations(Protocol):
    """Where the links lead now. Both may raise anything of `app.errors`."""

    def invoice(self, payable: Payable, /) -> Invoice | None:
        """The current Stripe invoice, fetched now; None when there is none."""

    def portal_url(self, visitor: Visitor, /) -> str | None:
        """A portal session made now; None when there is no such customer."""


class Current:
    """Destinations by way of the links and of Stripe. `stripe` and `links` open the one of an account, by its name."""

    def __init__(
        self,
        stripe: Callable[[str], Stripe],
        links: Callable[[str], Links],
        *,
        portal_return_url: str | None = None,
    ) -> None:
        self._stripe, self._links = stripe, links
        self._return_url = portal_return_url

    def invoice(self, payable: Payable, /) -> Invoice | None:
        invoice_id = self._invoice_id(payable)
        if invoice_id is None:
            return None
        stripe = self._stripe(payable.account)
        invoice = stripe.invoice(invoice_id)
        # The original of a revised invoice is void and names what replaced it.
        return stripe.invoice(invoice.latest_revision) if invoice.latest_revision else invoice

    def portal_url(self, visitor: Visitor, /) -> str | None:
        return self._stripe(visitor.account).portal_url(visitor.customer, return_url=self._return_url)

    def _invoice_id(self, payable: Payable) -> str | None:
        if payable.system == "stripe":
            return payable.invoice
        link = self._links(payable.account).of_netsuite("invoice", payable.invoice, "inv")
        return link.stripe_id if link else None


def pay_token(secret: str, payable: Payable) -> str:
    return _signed(secret, "pay", (payable.account, payable.system, payable.invoice))


def portal_token(secret: str, visitor: Visitor) -> str:
    return _signed(secret, "portal", (visitor.account, visitor.customer))


def pay_url(public_url: str, secret: str, payable: Payable) -> str:
    return f"{public_url.rstrip('/')}/pay/{pay_token(secret, payable)}"


def portal_url(public_url: str, secret: str, visitor: Visitor) -> str:
    return f"{public_url.rstrip('/')}/portal/{portal_token(secret, visitor)}"


def read_pay_token(secret: str, token: str) -> Payable:
    """Raises ValueError for a token that we did not sign."""
    account, system, invoice = _opened(secret, "pay", token, 3)
    return Payable(account, "netsuite" if system == "netsuite" else "stripe", invoice)


def read_portal_token(secret: str, token: str) -> Visitor:
    """Raises ValueError for a token that we did not sign."""
    return Visitor(*_opened(secret, "portal", token, 2))


def router(secret: str, destinations: Destinations) -> APIRouter:
    """The two routes. They are for customers' browsers, so they stand outside the API's schema."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/pay/{token}")
    def pay(token: str) -> Response:
        try:
            return _to_payment(destinations.invoice(read_pay_token(secret, token)))
        except (ValueError, NotFound):
            return _unknown()
        except TieoutError:
            return _later()

    @routes.get("/portal/{token}")
    def portal(token: str) -> Response:
        try:
            url = destinations.portal_url(read_portal_token(secret, token))
        except (ValueError, NotFound):
            return _unknown()
        except TieoutError:
            return _later()
        return _unknown() if url is None else _redirect(url)

    return routes


def _to_payment(invoice: Invoice | None) -> Response:
    if invoice is None:
        return _unknown()
    number = f"Invoice {invoice.number}" if invoice.number else "This invoice"
    match invoice.status:
        case "paid":
            return _page(200, f"{number} is paid", "Nothing is left to pay. Thank you.")
        case "void":
            return _page(410, f"{number} was withdrawn", "Please do not pay it. Ask the sender if in doubt.")
        case _ if invoice.hosted_invoice_url is None:
            return _page(200, f"{number} is not ready yet", "Please try this link again a little later.")
    return _redirect(invoice.hosted_invoice_url)


def _redirect(url: str) -> Response:
    return RedirectResponse(url, status_code=302, headers=_HEADERS)


def _unknown() -> Response:
    return _page(404, "This link is not valid", "Please check that it was copied whole, or ask the sender.")


def _later() -> Response:
    response = _page(503, "This page is not available right now", "Please try again in a minute.")
    response.headers["Retry-After"] = "60"
    return response


def _page(status: int, title: str, text: str) -> Response:
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title>"
        "<style>body{font:16px/1.5 system-ui,sans-serif;margin:20vh auto;max-width:32rem;padding:0 1.5rem}"
        f"</style><h1>{escape(title)}</h1><p>{escape(text)}</p></html>",
        status_code=status,
        headers=_HEADERS,
    )


def _signed(secret: str, purpose: str, claim: Sequence[str]) -> str:
    body = msgspec.json.encode(list(claim))
    return urlsafe_b64encode(_mac(secret, purpose, body) + body).rstrip(b"=").decode()


def _opened(secret: str, purpose: str, token: str, parts: int) -> list[str]:
    """A token for one purpose is none for the other: the purpose is part of what is signed."""
    if not token.isascii() or len(token) > _LONGEST_TOKEN:
        raise ValueError("not a token")
    raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(secret, purpose, body)):
        raise ValueError("not a token of ours")
    claim = msgspec.json.decode(body, type=list[str])
    if len(claim) != parts:
        raise ValueError("not a token of this kind")
    return claim


def _mac(secret: str, purpose: str, body: bytes) -> bytes:
    key = hashlib.sha256(f"tieout link {purpose}:{secret}".encode()).digest()
    return hmac.new(key, body, hashlib.sha256).digest()[:_MAC_BYTES]
