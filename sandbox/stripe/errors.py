"""Stripe's errors: what a resource raises, and the envelope in which it goes out."""

from __future__ import annotations

from typing import Any


class StripeError(Exception):
    """Any refusal; `extra` fields go into the envelope as they are."""

    status = 400
    type = "invalid_request_error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        status: int | None = None,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param
        self.status = status or self.status
        self.headers = headers or {}
        self.extra = extra

    def envelope(self, request_id: str) -> dict[str, Any]:
        error: dict[str, Any] = {"message": self.message, "type": self.type}
        if self.code:
            error["code"] = self.code
            error["doc_url"] = f"https://docs.stripe.com/error-codes/{self.code.replace('_', '-')}"
        if self.param:
            error["param"] = self.param
        error["request_log_url"] = f"https://dashboard.stripe.com/test/logs/{request_id}"
        return {"error": error | self.extra}


class InvalidRequest(StripeError):
    """What was asked makes no sense, or not now."""


class InvalidParams(InvalidRequest):
    """A parameter is unknown, missing or ill-formed; found before anything was executed."""


class Missing(StripeError):
    """No such object; 404 for the object addressed, 400 for one named in a parameter."""

    def __init__(self, kind: str, object_id: str, param: str = "id") -> None:
        named = kind.replace("_", " ") if kind != "payment_method" else "PaymentMethod"
        status = 404 if param == "id" else 400
        super().__init__(f"No such {named}: '{object_id}'", code="resource_missing", param=param, status=status)


class CardError(StripeError):
    status = 402
    type = "card_error"


class IdempotencyError(StripeError):
    type = "idempotency_error"


class AuthenticationError(StripeError):
    status = 401


class PermissionDenied(StripeError):
    status = 403


class RateLimited(StripeError):
    """More requests a second than the account may make; told before idempotency keys are looked at."""

    def __init__(self) -> None:
        super().__init__(
            "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
            code="rate_limit",
            status=429,
            headers={"Stripe-Rate-Limited-Reason": "global-rate"},
        )


class ApiError(StripeError):
    status = 500
    type = "api_error"
