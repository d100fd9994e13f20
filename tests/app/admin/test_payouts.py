import csv
import io

import pytest

from app.core.tables import Cursor, Job
from tests.app.admin import payout_rows as rows
from tests.app.admin.conftest import Client
from tests.app.admin.installation import Installation


@pytest.fixture(autouse=True)
def _kept(parts: Installation) -> None:
    off = rows.payout(3, deposited=9_500)
    back = rows.payout(4, status="failed", deposited=0, currency="JPY", amount=500)
    made = [rows.payout(1), rows.payout(2, status="in_transit", deposited=None, read_at=None, settled=False), off, back]
    differences = [rows.wrong(payout="po_3", bank=True)]
    items = [{"kind": "waiting", "title": "Payments not posted yet", "amount": "1.00", "count": 1, "examples": []}]
    result = rows.compared(agrees=False, items=items, differences=differences)
    rows.keep(parts.database, [*made, rows.movement(1, "po_3"), result])


def test_list_newest_arrival_first(client: Client) -> None:
    reader = client("read")
    page = reader.get("/payouts", params={"limit": 2}).json()
    assert [(one["id"], one["state"], one["difference"]) for one in page["items"]] == [
        ("po_4", "failed", "0"),
        ("po_3", "differs", "-5.00"),
    ]
    rest = reader.get("/payouts", params={"before": page["next"]}).json()
    assert ([one["id"] for one in rest["items"]], rest["next"]) == (["po_2", "po_1"], None)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"differs": "true"}, ["po_3"]),
        ({"state": "in_transit"}, ["po_2"]),
        ({"currency": "jpy"}, ["po_4"]),
        ({"month": "2026-01"}, []),
    ],
)
def test_filters(client: Client, asked: dict[str, str], found: list[str]) -> None:
    assert [one["id"] for one in client("read").get("/payouts", params=asked).json()["items"]] == found


def test_one(client: Client) -> None:
    found = client("read").get("/payouts/po_3").json()
    assert (found["sums"], found["differences"][0]["sentence"]) == (
        [{"category": "charge", "count": 1, "gross": "103.20", "fee": "3.20", "net": "100.00"}],
        "It differs.",
    )


def test_lines(client: Client) -> None:
    [line] = client("read").get("/payouts/po_3/lines").json()["items"]
    assert (line["source"], line["net"], line["record"]) == ("ch_1", "100.00", None)


@pytest.mark.parametrize("path", ["/payouts/po_9", "/payouts/po_9/lines", "/payouts/po_9/lines/export"])
def test_a_payout_that_is_not_known(client: Client, path: str) -> None:
    answer = client("read").get(path)
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, "There is no payout po_9 here.")


@pytest.mark.parametrize("asked", [("/payouts", {"before": "x"}), ("/payouts/po_3/lines", {"after": "x"})])
def test_a_cursor_of_nothing(client: Client, asked: tuple[str, dict[str, str]]) -> None:
    assert client("read").get(asked[0], params=asked[1]).status_code == 422


def test_export_is_exact(client: Client) -> None:
    answer = client("read").get("/payouts/export")
    found = {row["payout"]: row for row in csv.DictReader(io.StringIO(answer.text))}
    assert answer.headers["content-disposition"] == 'attachment; filename="payouts.csv"'
    assert [(found[one]["expected"], found[one]["deposited"]) for one in ("po_3", "po_4", "po_2")] == [
        ("100.00", "95.00"),
        ("0", "0"),
        ("100.00", ""),
    ]


def test_export_of_lines(client: Client) -> None:
    [row] = csv.DictReader(io.StringIO(client("read").get("/payouts/po_3/lines/export").text))
    assert (row["stripe object"], row["gross"], row["fee"], row["net"]) == ("ch_1", "103.20", "3.20", "100.00")


def test_the_tie_out(parts: Installation, client: Client) -> None:
    rows.keep(
        parts.database, [Cursor(name="tie_out/main", at=rows.NOW, last_run_at=rows.NOW, error="NetSuite is away.")]
    )
    found = client("read").get("/tie-out").json()
    [result], [tried] = found["results"], found["tried"]
    assert (result["agrees"], result["items"][0]["title"]) == (False, "Payments not posted yet")
    assert (tried["account"], tried["error"]) == ("main", "NetSuite is away.")


def test_comparing_is_a_job(parts: Installation, client: Client) -> None:
    job = client("operate").post("/tie-out").json()
    assert (job["kind"], parts.broker.jobs) == ("tie_out", [job["id"]])


def test_the_job_tells_the_result(parts: Installation, client: Client) -> None:
    from app.core.job_work import carry_out

    job = client("operate").post("/tie-out").json()["id"]
    parts.modes.stripe.clear()  # type: ignore[attr-defined]
    assert carry_out(parts, job) == "done"
    with parts.database.session_scope() as session:
        assert session.get_one(Job, job).message == "Everything ties out."


@pytest.mark.parametrize("path", ["/tie-out", "/payouts/po_3/post", "/payouts/po_3/lines/txn_1/bring"])
def test_a_reader_changes_nothing(client: Client, path: str) -> None:
    assert client("read").post(path, json={"reason": "x"}).status_code == 403
