"""Fields that say something about a document without changing what is posted."""

from collections.abc import Mapping
from typing import Any

from app.core.interfaces import Ledger
from app.errors import PeriodClosed
from app.systems.netsuite.records import Ref


def describe(ref: Ref, body: Mapping[str, Any], to: Ledger[Any]) -> bool:
    """Patch them. False when NetSuite refuses, because the document's period is closed to such changes too."""
    try:
        to.netsuite.patch(ref, body)
    except PeriodClosed:
        to.note(
            f"NetSuite keeps the fields of {ref} as they are: its accounting period is closed, and does not allow "
            "non-G/L changes."
        )
        return False
    return True
