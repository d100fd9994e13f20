"""Histories play on the flows' own stage."""

from tests.workers.flows.conftest import parts, sandbox, stage

__all__ = ["parts", "sandbox", "stage"]
