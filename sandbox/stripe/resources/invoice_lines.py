"""The lines of an invoice: listing, and changing them while it is a draft."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from sandbox.stripe import paging, totals
from sandbox.stripe.call import Call, Routes, merged_metadata
from sandbox.stripe.errors import InvalidRequest, Missing
from sandbox.stripe.render import always, render, short_list
from sandbox.stripe.world import Account, Obj

routes = Routes()

MOST_LINES = 250


@always("invoice", "lines")
def _first_lines(account: Account, invoice: Obj) -> Obj:
    return short_list(account, totals.lines_of(account, invoice), f"/v1/invoices/{invoice['id']}/lines")


def check_editable(invoice: Obj) -> None:
    if invoice["status"] != "draft":
        raise InvalidRequest("This invoice is no longer editable", code="invoice_not_editable", param="invoice")


def check_room(invoice: Obj, more: int) -> None:
    if len(invoice["_lines"]) + more > MOST_LINES:
        raise InvalidRequest(
            f"The maximum number of invoice items ({MOST_LINES}) has been reached for this invoice.",
            code="invoice_maximum_items_reached",
        )


@contextlib.contextmanager
def changing(call: Call, invoice: Obj) -> Iterator[None]:
    """Change lines inside; the sums follow, and invoice.updated tells."""
    with call.updating(invoice, "invoice.updated"):
        yield
        totals.compute(call.account, invoice)


def add_line(call: Call, invoice: Obj, item: Obj) -> Obj:
    line = {
        "id": call.new_id("il"),
        "object": "line_item",
        "invoice": invoice["id"],
        "livemode": False,
        "parent": {
            "invoice_item_details": {
                "invoice_item": item["id"], "proration": False, "proration_details": None, "subscription": None,
            },
            "subscription_item_details": None,
            "type": "invoice_item_details",
        },
        "discount_amounts": [],
        "pretax_credit_amounts": [],
        "subscription": None,
        "subtotal": item["amount"],
        "taxes": [],
    }  # fmt: skip
    item["invoice"], item["_line"] = invoice["id"], line["id"]
    call.account.add(line)
    invoice["_lines"].append(line["id"])
    copy_from_item(call.account, invoice, item)
    return line


_COPIED = (
    "amount", "currency", "description", "discountable", "discounts", "metadata", "period", "pricing", "quantity",
    "quantity_decimal", "_tax_rates",
)  # fmt: skip


def copy_from_item(account: Account, invoice: Obj, item: Obj) -> None:
    line = account.kind("line_item")[item["_line"]]
    line.update({name: item[name] for name in _COPIED})


def drop_line(account: Account, invoice: Obj, line_id: str) -> None:
    invoice["_lines"].remove(line_id)
    account.remove(account.kind("line_item")[line_id])


def _item_of(account: Account, line: Obj) -> Obj:
    return account.kind("invoiceitem")[line["parent"]["invoice_item_details"]["invoice_item"]]


def _line(call: Call, invoice: Obj, line_id: str) -> Obj:
    if line_id not in invoice["_lines"]:
        raise Missing("line_item", line_id)
    return call.account.kind("line_item")[line_id]


@routes.get("/v1/invoices/{id}/lines", "InvoiceLineItemListParams")
def list_(call: Call) -> Obj:
    invoice = call.get("invoice")
    rows = totals.lines_of(call.account, invoice)
    return paging.listed(call, rows, f"/v1/invoices/{invoice['id']}/lines", newest_first=False)


@routes.post("/v1/invoices/{id}/add_lines", "InvoiceAddLinesParams")
def add_lines(call: Call) -> Obj:
    invoice, given = _editable(call), call.params["lines"]
    check_room(invoice, len(given))
    made = [_item_for(call, invoice, line) for line in given]
    with changing(call, invoice):
        for item in made:
            add_line(call, invoice, item)
        _merge_metadata(call, invoice)
    return render(call.account, invoice)


def _item_for(call: Call, invoice: Obj, given: Obj) -> Obj:
    from sandbox.stripe.resources.invoiceitems import make_item

    if given.get("tax_amounts"):
        raise InvalidRequest("The sandbox computes taxes from tax rates only.", param="lines[tax_amounts]")
    if given.get("invoice_item"):
        item = call.account.get("invoiceitem", given["invoice_item"], "lines[invoice_item]")
        if item["invoice"] is not None:
            raise InvalidRequest("The invoice item is already on an invoice.", param="lines[invoice_item]")
        return item
    return call.account.add(make_item(call, invoice["customer"], given, invoice))


@routes.post("/v1/invoices/{id}/remove_lines", "InvoiceRemoveLinesParams")
def remove_lines(call: Call) -> Obj:
    invoice = _editable(call)
    lines = [_line(call, invoice, given["id"]) for given in call.params["lines"]]
    with changing(call, invoice):
        for line, given in zip(lines, call.params["lines"], strict=True):
            item = _item_of(call.account, line)
            drop_line(call.account, invoice, line["id"])
            if given["behavior"] == "delete":
                call.account.remove(item)
                call.emit("invoiceitem.deleted", item)
            else:
                item["invoice"] = None
        _merge_metadata(call, invoice)
    return render(call.account, invoice)


@routes.post("/v1/invoices/{id}/update_lines", "InvoiceUpdateLinesParams")
def update_lines(call: Call) -> Obj:
    invoice = _editable(call)
    lines = [_line(call, invoice, given["id"]) for given in call.params["lines"]]
    with changing(call, invoice):
        for line, given in zip(lines, call.params["lines"], strict=True):
            _change(call, invoice, line, {name: value for name, value in given.items() if name != "id"})
        _merge_metadata(call, invoice)
    return render(call.account, invoice)


@routes.post("/v1/invoices/{id}/lines/{line}", "InvoiceLineItemUpdateParams")
def update_line(call: Call) -> Obj:
    invoice = _editable(call)
    line = _line(call, invoice, call.ids["line"])
    with changing(call, invoice):
        _change(call, invoice, line, call.params)
    return render(call.account, line)


def _change(call: Call, invoice: Obj, line: Obj, given: Obj) -> None:
    from sandbox.stripe.resources.invoiceitems import change

    item = _item_of(call.account, line)
    change(call, item, given)
    copy_from_item(call.account, invoice, item)


def _editable(call: Call) -> Obj:
    invoice = call.get("invoice")
    check_editable(invoice)
    return invoice


def _merge_metadata(call: Call, invoice: Obj) -> None:
    if "invoice_metadata" in call.params:
        invoice["metadata"] = merged_metadata(invoice["metadata"], call.params["invoice_metadata"])
