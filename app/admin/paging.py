"""The query parameters that all lists share."""

from typing import Annotated

from pydantic import Field

from app.admin.models import HIGHEST, In
from app.admin.queries import Slice


class Paged(In):
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    before: Annotated[int | None, Field(ge=1, le=HIGHEST)] = Field(
        None, description="`next` of the page before this one."
    )

    def part(self) -> Slice:
        return Slice(self.limit, self.before)
