"""What the reads and the writes of the gateway stand on: one call with its retries, and all pages of a listing."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from app.core.interfaces import Clock
from app.errors import TieoutError
from app.systems.stripe import errors

PAGE = 100  # the most that Stripe gives at once


class Calls(ABC):
    """`_v1`: the `stripe` package's services. An `operation` is a name in lower case for limits, keys and sentences."""

    account: str
    livemode: bool
    clock: Clock
    until: datetime | None = None
    """What was created then or later is left out of listings by time."""
    _v1: Any

    @abstractmethod
    def _attempt(self, operation: str, request: Callable[[], Any]) -> Any:
        """Make the request, and again if it fails in a way that may pass. Raises errors.Refused."""

    def _call(self, operation: str, request: Callable[[], Any], *, writes: bool = False) -> dict[str, Any]:
        """The answer as JSON. Raises anything of `app.errors`. A request that writes repeats its own key."""
        try:
            return dict(self._attempt(operation, request).to_dict())
        except errors.Refused as refused:
            raise self._sorted_out(refused, operation, writes=writes) from None

    def _sorted_out(self, refused: errors.Refused, operation: str, *, writes: bool) -> TieoutError:
        return errors.sorted_out(refused.refusal, account=self.account, operation=operation, writes=writes)

    def _all(
        self, operation: str, listing: Callable[[dict[str, Any]], Any], params: Mapping[str, Any]
    ) -> Iterator[dict[str, Any]]:
        """Each object of a listing, newest first, page by page as they are asked for."""
        asked: dict[str, Any] = {"limit": PAGE, **params}
        if self.until is not None and "created" in asked:
            if asked["created"]["gte"] >= self.until:
                return
            asked["created"] = {**asked["created"], "lt": self.until}
        while True:
            page = self._call(operation, lambda: listing(asked))  # noqa: B023 - called at once
            yield from page["data"]
            if not page["has_more"] or not page["data"]:
                return
            asked = {**asked, "starting_after": page["data"][-1]["id"]}
