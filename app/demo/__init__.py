"""The demo: a month of business between a sandbox Stripe and a sandbox NetSuite, and the proof that both agree."""

from app.demo.run import main

__all__ = ["main"]
