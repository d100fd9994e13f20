"""The role as which Tieout works in NetSuite: enough for what it writes, and no more."""

from tests.suiteapp.project import RECORDS, roots, text

ROLE = roots()["customrole_tieout_integration"]
PERMISSIONS = {text(one, "permkey"): text(one, "permlevel") for one in ROLE.iter("permission")}
TRANSACTIONS = {
    "customer": "LIST_CUSTJOB", "invoice": "TRAN_CUSTINVC", "cashSale": "TRAN_CASHSALE", "cashRefund": "TRAN_CASHRFND",
    "creditMemo": "TRAN_CUSTCRED", "customerPayment": "TRAN_CUSTPYMT", "customerRefund": "TRAN_CUSTRFND",
    "customerDeposit": "TRAN_CUSTDEP", "depositApplication": "TRAN_DEPAPPL", "deposit": "TRAN_DEPOSIT",
    "journalEntry": "TRAN_JOURNAL",
}  # fmt: skip


def test_the_role_may_write_what_the_product_writes() -> None:
    own = "customrecord_tieout_invoice_link"
    assert {one.record_type for one in RECORDS} == {*TRANSACTIONS, own}
    assert {PERMISSIONS.get(key) for key in TRANSACTIONS.values()} == {"EDIT"}
    (permitted,) = roots()[own].iter("permission")
    assert (text(permitted, "permittedrole"), text(permitted, "permittedlevel")) == (
        "[scriptid=customrole_tieout_integration]",
        "EDIT",
    )


def test_the_role_has_the_least_permissions() -> None:
    assert len(list(ROLE.iter("permission"))) == len(PERMISSIONS)
    full = {key for key, level in PERMISSIONS.items() if level == "FULL"}
    assert full == {"ADMI_LOGIN_OAUTH2", "ADMI_RESTWEBSERVICES"}
    editing = {key for key, level in PERMISSIONS.items() if level == "EDIT"}
    assert editing == {*TRANSACTIONS.values(), "TRAN_POSTPERIODS", "REPO_ANALYTICS"}
    # a role that manages authorized applications cannot call REST at all (Online Help, section_157771510070)
    assert "ADMI_MANAGE_OAUTH2" not in PERMISSIONS
