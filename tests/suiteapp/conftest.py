"""The sandbox NetSuite, in which the scripts run."""

from tests.sandbox.netsuite.conftest import _server, _token, client, credentials, server, world

__all__ = ["_server", "_token", "client", "credentials", "server", "world"]
