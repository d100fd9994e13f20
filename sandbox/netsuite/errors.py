"""What the sandbox NetSuite answers when it refuses: status, code and sentence, in NetSuite's two shapes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TITLES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed"}
PREFIX = "Error while accessing a resource. "


@dataclass
class NetSuiteError(Exception):
    """A refusal. `path` names the property at fault, as `o:errorPath` does."""

    detail: str
    code: str = "USER_ERROR"
    status: int = 400
    path: str | None = None
    title: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"

    def body(self) -> dict[str, object]:
        section = f"10.4.{self.status - 399}" if 400 <= self.status < 500 else f"10.5.{self.status - 499}"
        detail: dict[str, object] = {"detail": self.detail, "o:errorCode": self.code}
        if self.path:
            detail["o:errorPath"] = self.path
        return {
            "type": f"https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec{section}",
            "title": self.title or TITLES.get(self.status, "Error"),
            "status": self.status,
            "o:errorDetails": [detail],
        }

    def restlet_body(self) -> dict[str, object]:
        return {"error": {"code": self.code, "message": self.detail}}


def user_error(sentence: str, path: str | None = None) -> NetSuiteError:
    return NetSuiteError(PREFIX + sentence, path=path)


def please_enter(labels: str) -> NetSuiteError:
    return user_error(f"Please enter value(s) for: {labels}.")


def invalid_value(name: str, value: object, path: str | None = None) -> NetSuiteError:
    sentence = f"You have entered an Invalid Field Value {value} for the following field: {name}"
    return user_error(sentence, path or name)


def invalid_content(detail: str, path: str | None = None) -> NetSuiteError:
    return NetSuiteError(detail, "INVALID_CONTENT", path=path)


def nonexistent(
    detail: str = "The record instance does not exist. Provide a valid record instance ID.",
) -> NetSuiteError:
    return NetSuiteError(detail, "NONEXISTENT_ID", 404)


def record_changed() -> NetSuiteError:
    return user_error("Record has been changed")


def duplicate() -> NetSuiteError:
    return user_error("This record already exists")
