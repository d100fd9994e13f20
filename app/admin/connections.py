"""`/doctor` and `/stripe/setup`: whether everything is there, and the webhook endpoint."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, StrictBool, StrictStr

from app.admin import doctor, stripe_setup
from app.admin.auth import Admin, Operator
from app.admin.doctor import Finding
from app.admin.parts import parts_of
from app.admin.problems import AdminRoute, refusals
from app.admin.stripe_setup import Setup

router = APIRouter(tags=["connections"], route_class=AdminRoute)


class SetupIn(BaseModel):
    """`account`: may be left out when there is only one."""

    model_config = ConfigDict(extra="forbid")

    account: StrictStr | None = None
    dry_run: StrictBool = False
    replace: StrictBool = False


@router.get("/doctor", summary="Check everything, read-only, and say what to do")
def examine(_: Operator, request: Request) -> list[Finding]:
    """Asks both systems some dozens of questions: not for a monitor that looks every minute."""
    return doctor.examine(parts_of(request))


@router.post("/stripe/setup", summary="Make or update Stripe's webhook endpoint", responses=refusals(404, 409))
def set_up(who: Admin, wanted: SetupIn, request: Request) -> Setup:
    """The signing secret of an endpoint that was made is in the answer, and never again."""
    parts = parts_of(request)
    account = stripe_setup.account_named(parts, wanted.account)
    return stripe_setup.set_up(parts, account, actor=who.name, dry_run=wanted.dry_run, replace=wanted.replace)
