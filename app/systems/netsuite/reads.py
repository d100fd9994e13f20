"""Reading from NetSuite: single records over REST, everything else by SuiteQL, reference lists from the cache."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Any

from app.core.interfaces import Clock
from app.errors import Forbidden, NotFound, Rejected
from app.systems.netsuite import suiteql
from app.systems.netsuite.fields import fields_of
from app.systems.netsuite.objects import (
    Application,
    Customer,
    GovernanceLimits,
    Invoice,
    InvoiceHead,
    PaymentHead,
    Subsidiary,
    TransactionHead,
    moment,
)
from app.systems.netsuite.records import Ref
from app.systems.netsuite.references import References
from app.systems.netsuite.suiteql import Page, Row
from app.systems.netsuite.transport import Calls, Request

RECORD = "/services/rest/record/v1"
SUITEQL = "/services/rest/query/v1/suiteql"
LIMITS = "/services/rest/system/v1/governanceLimits"


class Reads:
    """The reading half of `app.core.interfaces.NetSuite`, for one run."""

    def __init__(self, calls: Calls, references: References, clock: Clock, zone: tzinfo | None = None) -> None:
        self._calls, self._references, self._clock, self._zone = calls, references, clock, zone
        self.account = calls.settings.account_id

    @property
    def calls(self) -> int:
        """How many HTTP calls this run has made, tokens not counted."""
        return self._calls.count

    # single records --------------------------------------------------------------------------------------------
    def get(
        self, record_type: str, key: str, /, *, fields: Sequence[str] = (), expand: bool = False
    ) -> Mapping[str, Any]:
        """`key`: an internal id or `eid:<external id>`. `fields` are body fields only (section_1545141500)."""
        query = {"fields": ",".join(fields)} if fields else {}
        if expand:
            query["expandSubResources"] = "true"
        found: Mapping[str, Any] = self._calls.json(Request("GET", f"{RECORD}/{record_type}/{key}", query))
        return found

    def customer(self, internal_id: str, /) -> Customer:
        return Customer.parse(self.get("customer", internal_id, expand=True))

    def invoice(self, internal_id: str, /) -> Invoice:
        return Invoice.parse(self.get("invoice", internal_id, expand=True))

    def transaction(self, record_type: str, internal_id: str, /) -> TransactionHead:
        return TransactionHead.parse(record_type, self.get(record_type, internal_id))

    def find(self, record_type: str, external_id: str, /) -> Ref | None:
        try:
            found = self.get(record_type, f"eid:{external_id}", fields=("id",))
        except NotFound:
            return None
        return Ref(record_type, str(found["id"]))

    def some_of(self, record_type: str, /, *, limit: int = 1) -> list[str]:
        """The ids of a few records of this type: whether the role may see it at all. Raises Forbidden."""
        found = self._calls.json(Request("GET", f"{RECORD}/{record_type}", {"limit": str(limit)}))
        return [str(item["id"]) for item in found.get("items") or []]

    # SuiteQL ---------------------------------------------------------------------------------------------------
    def query(self, sql: str, params: Sequence[str] = (), /) -> Iterator[Row]:
        """Follows the pages by offset, so at most 100,000 rows; for more, end in `id > ? ORDER BY id`."""
        offset = 0
        while True:
            rows, more = self._page(sql, params, offset)
            yield from rows
            if not rows or not more:
                return
            offset += suiteql.PAGE

    def keyset(self, sql: str, params: Sequence[str] = (), /) -> Iterator[Row]:
        """All rows of a query that ends in `id > ? ORDER BY id`; that last parameter is added here."""
        return suiteql.keyset(lambda bound: self._page(sql, bound, 0), params)

    def customers_with_email(self, email: str, /) -> list[Customer]:
        return [Customer.from_row(row) for row in self.query(suiteql.CUSTOMERS_WITH_EMAIL, (email,))]

    def customers_with(self, field: str, value: str, /, *, ending: bool = False) -> list[Customer]:
        sql, bound = suiteql.customers_with(field, value, ending=ending)
        return [Customer.from_row(row) for row in self.query(sql, (bound,))]

    def invoices_numbered(self, tran_id: str, /) -> list[InvoiceHead]:
        return [InvoiceHead.from_row(row) for row in self.query(suiteql.INVOICES_NUMBERED, (tran_id,))]

    def invoices_holding(self, field: str, values: Sequence[str], /) -> list[InvoiceHead]:
        return [InvoiceHead.from_row(row) for row in self.query(*suiteql.invoices_holding(field, values))]

    def payments_of(self, customer: str, /, *, since: date, charge_id_field: str | None = None) -> list[PaymentHead]:
        return [PaymentHead.from_row(row) for row in self.query(*suiteql.payments_of(customer, since, charge_id_field))]

    def open_invoices(
        self, *, customer: str | None = None, stripe_id_field: str | None = None
    ) -> Iterator[InvoiceHead]:
        sql, params = suiteql.open_invoices(customer, stripe_id_field)
        return (InvoiceHead.from_row(row) for row in self.keyset(sql, params))

    def applications_of(self, internal_id: str, /) -> list[Application]:
        rows = self.query(suiteql.APPLICATIONS, (internal_id, internal_id))
        return [Application.from_row(row) for row in rows]

    def customers_since(self, since: datetime, /) -> Iterator[str]:
        return self._ids(suiteql.CUSTOMERS_SINCE, since)

    def invoices_since(self, since: datetime, /) -> Iterator[str]:
        return self._ids(suiteql.INVOICES_SINCE, since)

    # references, cached ----------------------------------------------------------------------------------------
    def currency(self, iso: str, /) -> Ref:
        return self._references.currency(iso, self._clock.now(), self._ask)

    def iso_currency(self, internal_id: str, /) -> str:
        return self._references.iso_currency(internal_id, self._clock.now(), self._ask)

    def subsidiary(self, internal_id: str, /) -> Subsidiary:
        return self._references.subsidiary(internal_id, self._clock.now(), self._ask)

    def period_open(self, day: date, /) -> bool:
        return self._references.period_open(day, self._clock.now(), self._ask)

    def first_open_day(self, day: date, /) -> date:
        return self._references.first_open_day(day, self._clock.now(), self._ask)

    # the account itself ----------------------------------------------------------------------------------------
    def governance_limits(self) -> GovernanceLimits | None:
        """None unless the integration's role is an administrator's."""
        try:
            return GovernanceLimits.parse(self._calls.json(Request("GET", LIMITS)))
        except (Forbidden, NotFound, Rejected):
            return None

    def metadata(self, record_types: Sequence[str], /) -> Mapping[str, Any]:
        """The JSON schemas of these record types, custom fields included."""
        query = {"select": ",".join(record_types)} if record_types else {}
        headers = {"Accept": "application/schema+json"}
        found: Mapping[str, Any] = self._calls.json(
            Request("GET", f"{RECORD}/metadata-catalog", query, headers=headers)
        )
        return found

    def record_fields(self, record_type: str, /) -> Mapping[str, str]:
        """Field -> type, `item.<field>` for a line's; kept for a while. Raises Rejected for an unknown record type."""
        return self._references.fields(record_type, self._clock.now(), lambda: self._asked_fields(record_type))

    def _asked_fields(self, record_type: str) -> Mapping[str, str]:
        return fields_of(record_type, self._schema(record_type), self._schema)

    def _schema(self, name: str) -> Mapping[str, Any]:
        path, headers = f"{RECORD}/metadata-catalog/{name}", {"Accept": "application/schema+json"}
        found: Mapping[str, Any] = self._calls.json(Request("GET", path, headers=headers))
        return found

    def _page(self, sql: str, params: Sequence[str], offset: int) -> Page:
        body: dict[str, Any] = {"q": sql}
        if params:
            body["params"] = [str(value) for value in params]
        query = {"limit": str(suiteql.PAGE), "offset": str(offset)}
        answer = self._calls.json(Request("POST", SUITEQL, query, body, {"Prefer": "transient"}))
        return suiteql.rows_of(answer.get("items") or []), bool(answer.get("hasMore"))

    def _ids(self, sql: str, since: datetime) -> Iterator[str]:
        rows = self.keyset(sql, (self._bound(since),))
        return (str(row["id"]) for row in rows)

    def _bound(self, since: datetime) -> str:
        if self._zone is not None:
            return suiteql.since(since, self._zone)
        offset = self._references.offset(self._clock.now(), self._measured_offset)
        if offset is None:
            return suiteql.since(since, None, suiteql.ANY_ZONE)
        return suiteql.since(since, timezone(offset), suiteql.SUMMER_TIME)

    def _measured_offset(self) -> timedelta | None:
        """One record's last change, as SuiteQL prints it and as REST tells it in UTC."""
        for row in self.query(suiteql.LAST_CUSTOMER):
            internal_id, printed = row.get("id"), row.get("lastmodified")
            if internal_id and printed:
                body = self.get("customer", internal_id, fields=("lastModifiedDate",))
                exact = moment(body.get("lastModifiedDate"))
                return suiteql.offset(printed, exact) if exact else None
        return None

    @property
    def _ask(self) -> Callable[[str], Iterator[Row]]:
        return lambda sql: self.query(sql)
