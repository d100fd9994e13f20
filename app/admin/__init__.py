"""The admin API: `router` is all of it."""

from app.admin.api import add_admin_api, router

__all__ = ["add_admin_api", "router"]
