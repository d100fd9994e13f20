"""How the admin API says no: one JSON shape for every refusal, with a sentence that says what to do."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from app.admin.actions import Impossible
from app.core.flow import WrongId
from app.core.plan import InvalidConfig, Stale


class Said(BaseModel):
    code: str = Field(examples=["not_found"], description="Stable, for programs.")
    message: str = Field(examples=["There is no run 7."], description="For people; says what to do.")
    fields: dict[str, str] = Field(
        default_factory=dict, examples=[{}], description="What was sent, by its path -> what is wrong with it."
    )


class Problem(BaseModel):
    error: Said


class Refusal(Exception):
    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.fields, self.headers = dict(fields or {}), dict(headers or {})

    def response(self) -> JSONResponse:
        said = Said(code=self.code, message=self.message, fields=self.fields)
        return JSONResponse(Problem(error=said).model_dump(), self.status, headers=self.headers)


def not_found(message: str) -> Refusal:
    return Refusal(404, "not_found", message)


def invalid(message: str, fields: Mapping[str, str] | None = None) -> Refusal:
    return Refusal(422, "invalid", message, fields=fields)


_METHODS: dict[str, set[str]] = {}


class AdminRoute(APIRoute):
    """Every way in which a request can fail, in the one shape; nothing else in the application is affected."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **settings: Any) -> None:
        super().__init__(path, endpoint, **settings)
        _METHODS.setdefault(self.path, set()).update(self.methods or ())

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The framework would name only the methods of the first route with this path."""
        if scope["method"] in (self.methods or ()):
            await super().handle(scope, receive, send)
            return
        allowed = ", ".join(sorted(_METHODS[self.path]))
        refusal = Refusal(405, "method_not_allowed", f"Use {allowed} here.", headers={"Allow": allowed})
        await refusal.response()(scope, receive, send)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await answer(request)
            except Exception as error:
                refusal = refusal_of(error)
                if refusal is None:
                    raise
                return refusal.response()

        return answered


def refusal_of(error: Exception) -> Refusal | None:
    """None for what is nobody's fault but ours."""
    match error:
        case Refusal():
            return error
        case RequestValidationError():
            return _malformed(error)
        case HTTPException(status_code=400):
            return invalid("The body cannot be read: send JSON in UTF-8.")
        case HTTPException():
            return Refusal(error.status_code, "refused", str(error.detail), headers=error.headers)
        case InvalidConfig():
            return invalid(f"The configuration is not valid: {error}.", error.problems)
        case WrongId():
            return invalid(str(error))
        case Impossible():
            return Refusal(409, "conflict", str(error))
        case Stale():
            return Refusal(409, "stale", f"{error}: read it again and repeat the change.")
        case IntegrityError():
            return Refusal(409, "conflict", "Somebody else did the same at this moment: look again.")
        case DataError() | UnicodeError():
            return invalid("A text contains characters that cannot be stored.")
        case OperationalError():
            message = "The database does not answer: try again shortly."
            return Refusal(503, "database_away", message, headers={"Retry-After": "5"})
    # LookupError itself is how actions say "there is none"; a KeyError would be a mistake of ours
    return not_found(str(error)) if type(error) is LookupError else None


def _malformed(error: RequestValidationError) -> Refusal:
    fields = {".".join(map(str, each["loc"])): each["msg"] for each in error.errors()}
    where = ", ".join(fields)
    return invalid(f"The request is not as it should be, see {where}.", fields)


_MEANINGS = {
    401: "No valid token was given.",
    403: "The token's scope does not allow this.",
    404: "There is no such thing.",
    409: "It is in a state in which this cannot be done.",
    422: "The request is not as it should be; `fields` says where.",
    503: "The database does not answer.",
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the `responses` of an endpoint."""
    return {status: {"model": Problem, "description": _MEANINGS[status]} for status in statuses}
