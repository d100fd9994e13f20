"""The admin API: `router` is all of it."""

from app.admin.api import router

__all__ = ["router"]
