"""Retry Integration Flow Errors: what failed is tried again by schedule.

A replay fetches the object anew and is safe to repeat, so a success resolves the error by itself. The core carries this
flow out (app/core/retry_errors.py): switched off or paused, errors wait in the retry table until it is on again or a
person replays them. How long each class of error waits, and how often it is tried, is `retries` in the configuration.
"""

from app.core.flow import CoreFlow
from app.core.retry_errors import KEY, TICK, RetryOptions

flow = CoreFlow(
    KEY,
    title="Retry Integration Flow Errors",
    every=TICK,
    options=RetryOptions,
)
