"""A NetSuite account to play against: record service, SuiteQL, RESTlet, ledger and callbacks over real HTTP."""

from sandbox.netsuite.app import create_app
from sandbox.netsuite.world import NetSuiteWorld

__all__ = ["NetSuiteWorld", "create_app"]
