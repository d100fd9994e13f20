"""Restricted API keys: what each may read and write, by the first part of the path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.stripe.errors import PermissionDenied
from sandbox.stripe.world import Account


@dataclass(frozen=True)
class RestrictedKey:
    """`permissions`: resource as in the path (`customers`) -> `read` or `write`, which implies reading; `*`: any."""

    key: str
    account: Account
    permissions: Mapping[str, str]

    def admit(self, method: str, path: str) -> None:
        """Raises PermissionDenied."""
        resource = path.removeprefix("/v1/").removeprefix("/v2/").split("/")[0]
        wanted = "read" if method == "GET" else "write"
        held = self.permissions.get(resource, self.permissions.get("*", "none"))
        if held == wanted or held == "write":
            return
        shown = f"{self.key[:8]}{'*' * 20}{self.key[-6:]}"
        raise PermissionDenied(
            f"The provided key '{shown}' does not have the required permissions for this endpoint on account "
            f"'{self.account.id}'. Having the 'rak_{resource.removesuffix('s')}_{wanted}' permission would allow this "
            "request to continue."
        )
