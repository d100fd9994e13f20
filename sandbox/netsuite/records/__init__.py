"""Every record type the sandbox NetSuite knows: adding one is adding its definition here."""

from __future__ import annotations

from sandbox.netsuite.definitions import Definition
from sandbox.netsuite.records.bank import DEPOSIT, JOURNAL_ENTRY
from sandbox.netsuite.records.cash import CASH_REFUND, CASH_SALE
from sandbox.netsuite.records.credit_memo import CREDIT_MEMO
from sandbox.netsuite.records.customer import CUSTOMER
from sandbox.netsuite.records.customer_deposit import CUSTOMER_DEPOSIT, DEPOSIT_APPLICATION
from sandbox.netsuite.records.customer_payment import CUSTOMER_PAYMENT
from sandbox.netsuite.records.customer_refund import CUSTOMER_REFUND
from sandbox.netsuite.records.invoice import INVOICE
from sandbox.netsuite.records.invoice_link import INVOICE_LINK
from sandbox.netsuite.records.lists import LISTS

ALL = (
    CUSTOMER,
    INVOICE,
    CUSTOMER_PAYMENT,
    CREDIT_MEMO,
    CUSTOMER_REFUND,
    CASH_SALE,
    CASH_REFUND,
    CUSTOMER_DEPOSIT,
    DEPOSIT_APPLICATION,
    DEPOSIT,
    JOURNAL_ENTRY,
    INVOICE_LINK,
    *LISTS,
)
DEFINITIONS: dict[str, Definition] = {one.name: one for one in ALL}
