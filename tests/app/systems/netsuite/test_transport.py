import multiprocessing
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection as Pipe

import httpx
import pytest
import respx

from app.core.exchanges import Exchange
from app.settings import NetSuiteAccount
from app.systems.netsuite.client import NetSuiteClient
from app.systems.netsuite.slots import LocalSlots
from app.systems.netsuite.transport import Calls, Connection, Request
from tests.app.systems.netsuite.conftest import BASE, FixedClock, Signed

PATH = "/services/rest/record/v1/customer/5"


class Watched(LocalSlots):
    """Knows whether a slot is held at this moment."""

    def __init__(self) -> None:
        super().__init__(1)
        self.held = False

    @contextmanager
    def slot(self) -> Iterator[None]:
        self.held = True
        yield
        self.held = False


def test_a_slot_is_held_while_netsuite_works(account: NetSuiteAccount, api: respx.MockRouter) -> None:
    slots, seen = Watched(), []

    def answer(_: httpx.Request) -> httpx.Response:
        seen.append(slots.held)
        return httpx.Response(200, json={"id": "5"})

    api.get(BASE + PATH).mock(side_effect=answer)
    Calls(Connection(account, slots, Signed()), lambda _: None).json(Request("GET", PATH))
    assert seen == [True]


def test_no_slot_is_held_while_the_exchange_is_recorded(account: NetSuiteAccount, api: respx.MockRouter) -> None:
    slots, seen = Watched(), []
    api.get(BASE + PATH).mock(return_value=httpx.Response(200, json={"id": "5"}))
    Calls(Connection(account, slots, Signed()), lambda _: seen.append(slots.held)).json(Request("GET", PATH))
    assert seen == [False]


def test_a_slot_is_free_again_after_a_broken_exchange(account: NetSuiteAccount, api: respx.MockRouter) -> None:
    slots = LocalSlots(1)
    api.get(BASE + PATH).mock(side_effect=[httpx.ReadError("cut"), httpx.Response(200, json={"id": "5"})])
    calls = Calls(Connection(account, slots, Signed()), lambda _: None)
    with pytest.raises(Exception, match="did not answer"):
        calls.json(Request("GET", PATH))
    assert calls.json(Request("GET", PATH)) == {"id": "5"}


def test_fields_that_are_not_known_to_be_harmless_are_shown_by_name_only(
    client: NetSuiteClient, api: respx.MockRouter, exchanges: list[Exchange]
) -> None:
    body = {"id": "5", "taxIdNum": "12-3456789", "companyName": "Acme"}
    api.get(BASE + PATH).mock(return_value=httpx.Response(200, json=body))
    client.bound(exchanges.append, FixedClock()).get("customer", "5")
    assert exchanges[0].response == {"id": "5", "taxIdNum": "[not shown]", "companyName": "Acme"}


def test_time_limits_are_the_settings(slots: LocalSlots) -> None:
    account = NetSuiteAccount(account_id="1", connect_timeout=3, read_timeout=90)
    timeout = Connection(account, slots, Signed()).client.timeout
    assert (timeout.connect, timeout.read, timeout.write) == (3, 90, 90)


def test_threads_share_one_pool(account: NetSuiteAccount, slots: LocalSlots) -> None:
    connection, found, together = Connection(account, slots, Signed()), set[int](), threading.Barrier(8)

    def look() -> None:
        together.wait(5)
        found.add(id(connection.client))

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert len(found) == 1


def test_a_forked_worker_does_not_use_its_parent_s_connections(account: NetSuiteAccount, slots: LocalSlots) -> None:
    connection = Connection(account, slots, Signed())
    parents = connection.client
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_tell_client, args=(connection, parents, theirs))
    process.start()
    assert ours.poll(20)
    assert ours.recv() is False
    process.join(10)


def _tell_client(connection: Connection, parents: httpx.Client, pipe: Pipe) -> None:
    pipe.send(connection.client is parents)
