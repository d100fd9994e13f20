"""A Stripe to play against: the HTTP API at the pinned version, its events and webhooks, in memory."""

from sandbox.stripe.app import create_app
from sandbox.stripe.world import StripeWorld

__all__ = ["StripeWorld", "create_app"]
