"""Whether a record in NetSuite already says what we were about to write: asked after an answer was lost."""

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from app.systems.netsuite import wire
from app.systems.netsuite.objects import boolean, items, ref_id

# Told to NetSuite for this save only, or shown differently afterwards.
_NOT_COMPARED = frozenset(
    {"autoApply", "autoName", "toBeEmailed", "price", "apply", "defaultBilling", "defaultShipping"}
)


def says(there: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether each field of `body` that NetSuite shows has the same value there.

    A field that is not shown proves nothing. A sublist must have as many lines, and each the same values in order;
    the documents that money is applied to are compared by their id.
    """
    sent = wire.loads(wire.dumps(body))
    if not _applied(there, sent):
        return False
    compared = ((name, value) for name, value in sent.items() if name not in _NOT_COMPARED and name in there)
    return all(_same(there[name], value) for name, value in compared)


def _same(there: Any, sent: Any) -> bool:
    if isinstance(sent, Mapping):
        return _same_mapping(there, sent)
    if isinstance(sent, bool):
        return boolean(there) is sent
    if sent is None or there is None:
        return there in (None, "") and sent in (None, "")
    exact = _number(there), _number(sent)
    return exact[0] == exact[1] if None not in exact else str(there).strip() == str(sent).strip()


def _same_mapping(there: Any, sent: Mapping[str, Any]) -> bool:
    if "items" in sent:
        return not _expanded(there) or _same_lines(list(items({"it": there}, "it")), sent["items"])
    if set(sent) == {"id"}:
        return ref_id(there) == str(sent["id"])
    return isinstance(there, Mapping) and says(there, sent)


def _same_lines(there: list[Mapping[str, Any]], sent: list[Mapping[str, Any]]) -> bool:
    return len(there) == len(sent) and all(says(one, other) for one, other in zip(there, sent, strict=True))


def _applied(there: Mapping[str, Any], sent: Mapping[str, Any]) -> bool:
    """NetSuite lists every open document of the customer; only those that are ticked count."""
    if "apply" not in sent or not isinstance(sent["apply"], Mapping) or not _expanded(there.get("apply")):
        return True
    ticked = [line for line in items(there, "apply") if boolean(line.get("apply"))]
    return _by_doc(ticked) == _by_doc(sent["apply"]["items"])


def _by_doc(lines: Iterable[Mapping[str, Any]]) -> dict[str | None, Decimal | None]:
    return {ref_id(line.get("doc")): _number(line.get("amount")) for line in lines}


def _expanded(sublist: Any) -> bool:
    return isinstance(sublist, Mapping) and isinstance(sublist.get("items"), list)


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    try:
        return Decimal(value)
    except InvalidOperation:
        return None
