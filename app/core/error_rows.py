"""The rows of the table of error codes; see `error_codes`."""

from dataclasses import dataclass
from typing import Literal

Fix = Literal["", "setting", "choose"]


@dataclass(frozen=True)
class ErrorCode:
    """`words` end a title; `also`: what Stripe and NetSuite themselves call the same.

    `fix`: `setting` is mended by an entry of the configuration, `choose` by choosing a candidate, record by record.
    `setting`: its path, in which `{field}`, `{flow}`, `{account}` and `{record}` are filled in; `value`: what it is
    usually set to. `field`: only where the error is about a field or setting that begins so.
    """

    code: str
    words: str
    why: str
    todo: str
    fix: Fix = ""
    setting: str = ""
    value: str = ""
    field: str = ""
    also: tuple[str, ...] = ()


Row = ErrorCode
CATCH_ALL = "books.{account}.catch_all_customer"

SETTINGS = (
    Row(
        "unmapped",
        "a setting is missing",
        "What it is to be posted with has not been chosen yet: an account, an item, a subsidiary or a tax code.",
        "Choose it once; every record that waits for it can then be replayed.",
        "setting",
        "{field}",
    ),
    Row(
        "unmapped",
        "the customer lacks the currency",
        "NetSuite takes a document only in a currency that its customer transacts in.",
        "Add the currency to the customers concerned in NetSuite (Financial tab), then replay. New customers are given "
        "the currencies that are set here.",
        "setting",
        "books.{account}.currencies",
        field="customers.currencies",
    ),
    Row(
        "unmapped",
        "NetSuite lacks the currency",
        "NetSuite does not have this currency, or the integration's role may not see it.",
        "Create the currency in NetSuite (Lists, Accounting, Currencies) or let the role see it, then replay.",
        field="currencies.",
    ),
    Row(
        "unmapped",
        "a field that NetSuite requires is empty",
        "A form or a script in NetSuite wants a field filled that Tieout does not fill.",
        "Make the field optional on the form in NetSuite, or add a field rule that fills it, then replay.",
        field="fields",
    ),
    Row(
        "unmapped",
        "NetSuite has no such record for a value that was sent",
        "An item, an account or another record that is configured does not exist in NetSuite any more, or is inactive.",
        "Run `tieout doctor`, which names it; correct the mapping, then replay.",
        field="mapping",
    ),
    Row(
        "unmapped",
        "an account is not connected",
        "A Stripe or NetSuite account that the record belongs to is not configured in this installation's environment.",
        "Set the variable and restart, then replay.",
        field="NETSUITE__",
    ),
    Row(
        "unmapped",
        "a Stripe account is not connected",
        "The Stripe account that the record belongs to is not configured in this installation's environment.",
        "Set the variable and restart, then replay.",
        field="STRIPE__",
    ),
    Row(
        "period_closed",
        "the accounting period is closed",
        "The record's date lies in a period that takes no postings.",
        "Open the period in NetSuite and replay; or choose how such records are dated: first open period, or today. "
        "The original date is kept in the memo.",
        "setting",
        "period_policy.{record}",
        "first_open_period",
        also=("PERIOD_CLOSED", "CLOSED_ACCTNG_PRD", "TRANS_IN_CLOSED_PERIOD", "CANT_POST_IN_CLOSED_PERIOD"),
    ),
    Row(
        "no_customer",
        "it is not known which customer it belongs to",
        "The payment or invoice has no Stripe customer, and no NetSuite customer can be told from it.",
        "Choose the NetSuite customer to whom such records are posted (a catch-all customer), then replay; or book it "
        "by hand and dismiss.",
        "setting",
        CATCH_ALL,
    ),
    Row(
        "older_charge",
        "it is about a charge from before the start",
        "The refund or dispute takes back money that was booked before Tieout's start date, by other means.",
        "Book it by hand and dismiss it, or decide for all of them: post (the charge is brought over, too) or skip.",
        "setting",
        "older",
        "post",
    ),
    Row(
        "part_paid",
        "the invoice is paid in part",
        "Something is applied to the invoice already, so both systems would ask for different amounts.",
        "Bill what is left as a line of its own where the flow has that option, or settle the rest in NetSuite; then "
        "replay.",
        "setting",
        "flows.{flow}.options.part_paid",
        "line",
    ),
    Row(
        "too_many_lines",
        "the invoice has more lines than Stripe takes",
        "A Stripe invoice holds 250 lines.",
        "Let such invoices be billed as one line, then replay.",
        "setting",
        "flows.{flow}.options.over_250",
        "collapse",
    ),
    Row(
        "changed",
        "an invoice that Stripe has asked money for was changed",
        "The amount or the lines were changed in NetSuite, and it is set that a person decides what becomes of the "
        "Stripe invoice.",
        "Choose what is done with changed invoices, or change the Stripe invoice by hand; then replay.",
        "setting",
        "flows.{flow}.options.money_changes",
        "revise",
    ),
    Row(
        "stripe_born",
        "an invoice that came from Stripe was voided in NetSuite",
        "Its Stripe invoice still stands and may be paid.",
        "Void it in Stripe by hand, or let Tieout void such invoices; then replay.",
        "setting",
        "flows.{flow}.options.stripe_born",
        "void",
    ),
    Row(
        "no_login_page",
        "Stripe's login page for the customer portal is off",
        "Portal links lead to Stripe's login page by setting, but it is not activated.",
        "Activate it in Stripe (Settings, Billing, Customer portal), or use Tieout's own links; then replay.",
        "setting",
        "flows.{flow}.options.link",
        "ours",
    ),
    Row(
        "not_in_netsuite",
        "parts of the payout are not in NetSuite",
        "Some transactions of the payout have no record in NetSuite, so the deposit would not add up.",
        "Bring them over and replay; or post them to the account for unreconciled money.",
        "setting",
        "flows.{flow}.options.unreconciled",
        "account",
    ),
    Row(
        "not_itemised",
        "Stripe does not say what the payout consists of",
        "A payout that was made by hand carries no list of its transactions.",
        "Post it by hand and dismiss, or let such payouts be posted as a journal entry; then replay.",
        "setting",
        "flows.{flow}.options.unitemised",
        "journal",
    ),
    Row(
        "field_rule",
        "a field rule cannot be worked out",
        "A rule that finance wrote does not fit this record, or would overwrite what the flow fills itself.",
        "Open the record, see which rule it is, correct the rule in the configuration, then replay.",
    ),
    Row(
        "match_rule",
        "a match rule asks for a field that NetSuite refuses",
        "The rules by which customers or invoices are found name a field that does not exist or may not be searched.",
        "Correct the match rules in the configuration, then replay.",
    ),
    Row(
        "test_mode",
        "a test-mode account may not reach a live ledger",
        "A Stripe test key is connected with a live NetSuite account.",
        "Connect a live Stripe key, or a NetSuite sandbox account.",
    ),
)
CHOICES = (
    Row(
        "ambiguous",
        "several records fit, and one has to be chosen",
        "More than one record in the other system matches equally well, and Tieout does not guess.",
        "Choose the right one for each record; the choice is kept as a link and never asked for again.",
        "choose",
    ),
    Row(
        "held",
        "a person has to decide",
        "The record is in a state that the rules leave to a person.",
        "Open a record to see its reason and what to do.",
        "choose",
    ),
    Row(
        "several_invoices",
        "Stripe has several invoices for one NetSuite invoice",
        "More than one open Stripe invoice carries the same NetSuite id.",
        "Void or delete all but one in Stripe, then replay.",
    ),
    Row(
        "unknown_netsuite_id",
        "a NetSuite id in Stripe's metadata does not exist",
        "Somebody named a NetSuite record in Stripe's metadata, and NetSuite has no such record.",
        "Correct or remove the id in Stripe's metadata, then replay.",
    ),
    Row(
        "unknown_stripe_id",
        "a Stripe id in NetSuite does not exist in Stripe",
        "The field on the NetSuite record names an object that this Stripe account does not know.",
        "Correct or empty the field in NetSuite, then replay.",
    ),
    Row(
        "duplicate_name",
        "another record has the same name or number",
        "NetSuite or Stripe wants this name or number to be unique.",
        "Rename one of the two, or let NetSuite number its records; then replay.",
        also=("DUP_ENTITY", "DUP_ENTITY_NAME", "DUP_TRAN_ID", "external_id_taken"),
    ),
    Row(
        "no_email",
        "Stripe wants the customer's e-mail",
        "The invoice is to be sent, and its customer has no e-mail address.",
        "Give the NetSuite customer an e-mail address, then replay.",
    ),
    Row(
        "email_invalid",
        "Stripe does not accept an e-mail address",
        "The address is not one that mail can be sent to.",
        "Correct the e-mail on the NetSuite customer, then replay.",
    ),
    Row(
        "tax_id_invalid",
        "Stripe does not accept a tax id",
        "The tax number does not have the form that its country uses.",
        "Correct the tax number on the NetSuite customer, then replay.",
    ),
    Row(
        "customer_tax_location_invalid",
        "Stripe Tax cannot tell where the customer is",
        "The customer's address is not complete enough to work out the tax.",
        "Complete the customer's address, then replay.",
    ),
    Row(
        "held_by_hand",
        "a person holds it back",
        "Somebody held these records back; the reason stands with each.",
        "Replay them when they may go on.",
    ),
    Row(
        "waits_for",
        "an object that it waits for is held",
        "It needs another record first, which itself waits for a person.",
        "Mend that record: these go on by themselves.",
    ),
)
AMOUNTS = (
    Row(
        "amount_mismatch",
        "two sums differ, so nothing is posted",
        "What Tieout would post does not come to the amount that the other system names, to the cent.",
        "Open a record and compare both sums in its preview; correct the source or the mapping, then replay.",
    ),
    Row(
        "amounts_differ",
        "Stripe and NetSuite disagree on what is left to pay",
        "Both systems know of payments or credits that the other does not.",
        "Compare the payments of both sides (was it paid twice?), correct one side, then replay.",
    ),
    Row(
        "decimals",
        "an amount has more decimals than its currency",
        "The amount cannot be paid in this currency, so it is not rounded by guess.",
        "Correct the amount at its source, then replay.",
    ),
    Row(
        "amount_not_chargeable",
        "Stripe cannot take the amount",
        "The amount has more decimals than Stripe takes in this currency, or is out of its range.",
        "Correct the invoice, or settle it outside of Stripe and dismiss.",
    ),
    Row(
        "amount_too_small",
        "the amount is too small for Stripe",
        "Stripe has a least amount for each currency.",
        "Settle it outside of Stripe or write it off, then dismiss.",
    ),
    Row(
        "amount_too_large",
        "the amount is too large for Stripe",
        "Stripe has a largest amount for each currency.",
        "Split the invoice, or settle it outside of Stripe and dismiss.",
    ),
    Row(
        "over_refund",
        "more was refunded than the payment in NetSuite is",
        "Stripe's refunds of the charge come to more than the payment that NetSuite has.",
        "Correct the payment in NetSuite and replay, or book the refund by hand and dismiss.",
    ),
    Row(
        "more_than_paid",
        "refunds and disputes take more than was paid",
        "Refunds and disputes of one charge together come to more than the charge.",
        "Compare them in Stripe; book what is too much by hand, then dismiss.",
    ),
    Row(
        "nothing_left",
        "nothing is left to pay, but the Stripe invoice is open",
        "The changed NetSuite invoice asks for nothing, while Stripe still asks for money.",
        "Void the Stripe invoice, or correct the NetSuite invoice; then replay.",
    ),
    Row(
        "other_currency",
        "the currencies of both sides differ",
        "The record in one system is in another currency than its counterpart.",
        "Open a record to see which; correct the pairing or book it by hand and dismiss.",
    ),
    Row(
        "odd_exchange",
        "the exchange of a payout does not make sense",
        "An amount was settled in another currency with the opposite sign.",
        "Book these transactions by hand, then dismiss.",
    ),
    Row(
        "rate_refused",
        "NetSuite does not let the exchange rate be set",
        "The record is probably deposited or applied already.",
        "Change the rate in NetSuite by hand, then dismiss.",
    ),
)
STATES = (
    Row(
        "not_allowed",
        "the record's state does not allow the step",
        "The record is paid, closed, voided or otherwise past the point where this can be done.",
        "Open a record to see its state in the other system; settle it there, then replay or dismiss.",
        also=("status_transition_invalid",),
    ),
    Row(
        "pending_approval",
        "the document waits for its approval in NetSuite",
        "NetSuite's approval routing has not released it yet.",
        "Approve it in NetSuite, then replay.",
    ),
    Row(
        "already_paid",
        "the money cannot be applied any more",
        "The invoice is paid or closed in NetSuite, or less is due than is to be applied.",
        "Compare what is due in NetSuite with the payment; apply it by hand or replay.",
    ),
    Row(
        "void_refused",
        "the invoice cannot be voided",
        "Something depends on it: a payment on its way, an application, or a closed period.",
        "Undo what depends on it or wait for the payment, then replay.",
        also=("THIS_RECORD_CANNOT_BE_DELETED_BECAUSE_IT_HAS_DEPENDENT_RECORDS", "CANT_VOID_TRAN"),
    ),
    Row(
        "money_received",
        "money was received for an invoice that was withdrawn",
        "The NetSuite invoice was voided, deleted or changed after Stripe had received money for it.",
        "Refund the payment or issue a credit note in Stripe, or correct the NetSuite invoice; then replay.",
    ),
    Row(
        "payment_refused",
        "Stripe does not take NetSuite's payment",
        "A payment through Stripe is probably on its way for the same invoice.",
        "When it has come in or failed, replay.",
    ),
    Row(
        "payment_void",
        "the payment of the charge is void in NetSuite",
        "There is nothing left to refund from.",
        "Book the refund by hand in NetSuite, then dismiss.",
    ),
    Row(
        "paid_after_write_off",
        "an invoice was paid after it had been written off",
        "The credit memo of the write-off stands in the way of the payment.",
        "Void the credit memo in NetSuite, or take it off the invoice; then replay.",
    ),
    Row(
        "taken_back",
        "NetSuite took back a payment that Stripe was told of",
        "Stripe cannot undo a payment that was reported to it.",
        "Apply it again in NetSuite, or bill the amount anew; then dismiss.",
    ),
    Row(
        "cash_sale",
        "a charge is booked as a cash sale, but paid an invoice",
        "The same money cannot be both.",
        "Delete the cash sale in NetSuite and retire its link, then replay; or dismiss.",
    ),
    Row(
        "already_deposited",
        "parts of the payout are deposited already",
        "Somebody made a deposit of the same payments in NetSuite.",
        "Look who has deposited them. Delete that deposit and replay, or dismiss.",
    ),
    Row(
        "gone",
        "a record is no longer in NetSuite, or voided",
        "What Tieout wrote was deleted or voided in NetSuite since.",
        "Enter it again, or retire its link so that its flow makes it anew; then replay.",
    ),
    Row(
        "not_an_invoice",
        "the payment is applied to something that is no invoice",
        "How the refund is to be booked cannot be told from it.",
        "Book the refund by hand in NetSuite, then dismiss.",
    ),
    Row(
        "different_customer",
        "one payment concerns several customers",
        "A NetSuite payment belongs to one customer.",
        "Book this payment by hand in NetSuite, then dismiss.",
    ),
    Row(
        "different_subsidiary",
        "one payment concerns several subsidiaries",
        "A NetSuite payment belongs to one subsidiary.",
        "Book this payment by hand in NetSuite, then dismiss.",
        also=("different_subsidiaries", "other_subsidiary"),
    ),
    Row(
        "different_receivable account",
        "one payment concerns several receivable accounts",
        "A NetSuite payment is posted to one receivable account.",
        "Book this payment by hand in NetSuite, then dismiss.",
    ),
    Row(
        "invoice_not_editable",
        "the Stripe invoice cannot be changed any more",
        "It is finalized, and what was changed may not change after that.",
        "Choose how changed invoices are treated (revise, void and recreate, credit note), then replay.",
        "setting",
        "flows.{flow}.options.money_changes",
        "revise",
    ),
    Row(
        "invoice_no_customer_line_items",
        "the Stripe invoice has no lines",
        "An invoice without lines cannot be finalized.",
        "Check the invoice's lines in the preview, then replay.",
    ),
    Row(
        "invoice_no_payment_method_types",
        "no payment method fits the invoice",
        "None that is switched on takes this currency and amount.",
        "Switch one on in Stripe's invoice settings, or set the flow's payment methods; then replay.",
    ),
)
CONNECTIONS = (
    Row(
        "throttled",
        "the other system keeps asking to slow down",
        "More requests are made than the account allows; other integrations may share its limit.",
        "It goes on by itself. If it stays, lower this installation's concurrency or that of the others.",
        also=(
            "too_many_requests",
            "rate_limit",
            "no_slot",
            "CONCURRENCY_LIMIT_EXCEEDED",
            "SSS_REQUEST_LIMIT_EXCEEDED",
            "WS_CONCUR_SESSION_DISALLWD",
            "WS_REQUEST_BLOCKED",
            "REQUEST_LIMIT_EXCEEDED",
        ),
    ),
    Row(
        "unavailable",
        "the other system does not answer",
        "It is under maintenance, has a fault of its own, or cannot be reached from here.",
        "It goes on by itself. If it stays, look at the system's status page and run `tieout doctor`.",
        also=("no_connection", "maintenance", "slots_unavailable", "http_5"),
    ),
    Row(
        "outcome_unknown",
        "requests are sent, but no clear answer comes",
        "Whether the write was done is not known, so it is looked up by name before it is tried again.",
        "It goes on by itself, and nothing is written twice. If it stays, run `tieout doctor`.",
        also=(
            "no_answer",
            "no_results",
            "no_code",
            "unreadable_answer",
            "not_found_after",
            "idempotency_keys_spent",
            "timed_out_inside",
            "SSS_TIME_LIMIT_EXCEEDED",
            "SSS_REQUEST_TIME_EXCEEDED",
            "SSS_USAGE_LIMIT_EXCEEDED",
            "REQUEST_TIMEOUT",
        ),
    ),
    Row(
        "conflict",
        "the record is locked or changed by somebody else",
        "A person, a workflow or another integration works on the same record.",
        "It goes on by itself. If it stays, see who keeps the record open.",
        also=(
            "lock_timeout",
            "record_changed",
            "duplicate_external_id",
            "RCRD_HAS_BEEN_CHANGED",
            "CUSTOM_RECORD_COLLISION",
            "RCRD_LOCKED_BY_WF",
            "DUP_RCRD",
            "DUPLICATE_RCRD",
            "DUP_EXTERNAL_ID",
            "DUPLICATE_EXTERNAL_ID",
            "idempotency_error",
        ),
    ),
    Row(
        "auth_failed",
        "the other system does not accept the credentials",
        "The key, token or certificate was rolled, has expired, or its role was changed.",
        "Renew the credentials in the environment and restart; `tieout doctor` says which. Nothing is lost meanwhile.",
        also=(
            "api_key_expired",
            "invalid_login",
            "unauthorized",
            "token_unreadable",
            "invalid_grant",
            "invalid_token",
            "INVALID_LOGIN",
            "INVALID_LOGIN_ATTEMPT",
            "INVALID_LOGIN_CREDENTIALS",
        ),
    ),
    Row(
        "forbidden",
        "the role or the key lacks a permission",
        "The integration may sign in, but may not do this step.",
        "Give the NetSuite role or the restricted Stripe key the permission that the record names, then replay.",
        also=(
            "insufficient_permission",
            "INSUFFICIENT_PERMISSION",
            "USER_ACCESS_DENIED",
            "FEATURE_DISABLED",
            "SSS_PERMISSION_VIOLATION",
        ),
    ),
    Row(
        "restlet_missing",
        "Tieout's script is not installed in NetSuite",
        "The step needs the RESTlet of Tieout's SuiteApp, which is missing or not released.",
        "Install the SuiteApp and release the deployment, then replay.",
        also=("SSS_INVALID_SCRIPTLET_ID", "SSS_INVALID_SCRIPT_ID"),
    ),
    Row(
        "livemode_mismatch",
        "an object belongs to Stripe's other mode",
        "A test-mode id is used with a live key, or the reverse.",
        "Correct the id, or connect the account that it belongs to; then replay or dismiss.",
    ),
)
OTHERS = (
    Row(
        "not_ready",
        "the source object does not take its final shape",
        "Stripe or NetSuite has not finished the object yet, for longer than usual.",
        "It goes on by itself. If it stays, look at the object in its own system.",
    ),
    Row(
        "link_missing",
        "an object that it needs is not in the other system",
        "The other object's own flow is run first; it has not brought it over yet.",
        "See why that object is not there: its flow may be switched off or paused.",
    ),
    Row(
        "not_found",
        "the object does not exist any more",
        "It was deleted in its own system since.",
        "Check whether that was meant, then dismiss; or restore it and replay.",
        also=("resource_missing", "nonexistent", "NONEXISTENT_ID", "RCRD_DSNT_EXIST", "NONEXISTENT_RECORD"),
    ),
    Row(
        "rejected",
        "the other system refuses the record",
        "It says that something in the request is wrong; its own words stand with each record.",
        "Open a record, read what the other system said, correct the source or the mapping, then replay.",
        also=(
            "permanent",
            "invalid_request_error",
            "parameter_missing",
            "parameter_unknown",
            "unknown_field",
            "unknown_record_type",
            "INVALID_RCRD_TYPE",
            "UNKNOWN_RCRD_TYPE",
            "INVALID_RECORD_TYPE",
        ),
    ),
    Row(
        "retryable",
        "it is tried again by itself",
        "The error is one that usually heals by itself.",
        "Wait, or open a record to see what was said.",
    ),
    Row(
        "error",
        "something unforeseen went wrong inside Tieout",
        "This is a mistake of Tieout's own, not of the record.",
        "Open a record for the details and report it; replay after an update.",
        also=("default",),
    ),
)
ROWS = SETTINGS + CHOICES + AMOUNTS + STATES + CONNECTIONS + OTHERS
