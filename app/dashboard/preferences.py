"""How somebody likes the pages: light or dark, times as they were or how long ago. Kept in cookies of this browser."""

from typing import Annotated, Literal

from fastapi import Form, Request, Response

from app.admin.parts import parts_of
from app.dashboard.access import Viewer, set_cookie
from app.dashboard.pages import go_to, pages

router = pages()
YEAR = 365 * 86400


@router.post("/preferences")
def prefer(
    _: Viewer,
    request: Request,
    theme: Annotated[Literal["light", "dark", "auto"] | None, Form()] = None,
    times: Annotated[Literal["relative", "absolute"] | None, Form()] = None,
    back: Annotated[str, Form()] = "/",
) -> Response:
    response = go_to(request, back)
    for name, value in (("theme", theme), ("times", times)):
        if value:
            set_cookie(response, parts_of(request).settings, name, value, seconds=YEAR)
    return response
