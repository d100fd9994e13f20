"""What can be done about users and API tokens; for the API, the pages and the CLI alike.

Raises LookupError for what does not exist, and Impossible for what cannot be.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from app.admin.actions import Impossible
from app.admin.models import Invited, TokenMade, TokenOut, UserOut
from app.admin.parts import Parts
from app.core import tokens, users
from app.core.passwords import Unfit


@contextmanager
def refusing() -> Iterator[None]:
    """What the core will not have, as a refusal."""
    try:
        yield
    except (users.CannotBe, Unfit) as error:
        raise Impossible(str(error)) from None


def join_url(parts: Parts, token: str) -> str:
    return f"{parts.settings.public_url.rstrip('/')}/join/{token}"


# users -----------------------------------------------------------------------------------------------------------


def list_users(parts: Parts) -> list[UserOut]:
    with parts.database.session_scope() as session:
        return [UserOut.model_validate(row) for row in users.listed(session)]


def invite(parts: Parts, email: str, role: str, *, actor: str) -> Invited:
    with refusing(), parts.database.session_scope() as session:
        row, token = users.invite(session, email, role, actor=actor, now=parts.clock.now())
        session.refresh(row)
        return Invited(user=UserOut.model_validate(row), link=join_url(parts, token))


def relink(parts: Parts, user_id: int, *, actor: str) -> Invited:
    """A link to set a new password; the old one still works until it is used."""
    with refusing(), parts.database.session_scope() as session:
        row = users.get(session, user_id)
        token = users.link(session, row, actor=actor, now=parts.clock.now())
        return Invited(user=UserOut.model_validate(row), link=join_url(parts, token))


def change_user(
    parts: Parts, user_id: int, *, actor: str, role: str | None = None, active: bool | None = None
) -> UserOut:
    with refusing(), parts.database.session_scope() as session:
        row = users.change(session, user_id, actor=actor, role=role, active=active)
        session.flush()
        return UserOut.model_validate(row)


def first_link(parts: Parts) -> str | None:
    """The address that makes the first administrator; None when there is one."""
    with parts.database.session_scope() as session:
        token = users.first_link(session, parts.clock.now())
    return join_url(parts, token) if token else None


# tokens ----------------------------------------------------------------------------------------------------------


def list_tokens(parts: Parts) -> list[TokenOut]:
    with parts.database.session_scope() as session:
        return [TokenOut.model_validate(row) for row in tokens.listed(session)]


def make_token(parts: Parts, name: str, scope: str, *, actor: str, days: int | None = None) -> TokenMade:
    expires_at = parts.clock.now() + timedelta(days=days) if days else None
    with parts.database.session_scope() as session:
        try:
            row, token = tokens.create(session, name, scope, actor=actor, expires_at=expires_at)
        except ValueError as error:
            raise Impossible(f"{error}.") from None
        session.refresh(row)
        return TokenMade(**TokenOut.model_validate(row).model_dump(), token=token)


def revoke_token(parts: Parts, token_id: int, *, actor: str) -> TokenOut:
    with parts.database.session_scope() as session:
        row = tokens.revoke(session, token_id, actor=actor, now=parts.clock.now())
        return TokenOut.model_validate(row)
