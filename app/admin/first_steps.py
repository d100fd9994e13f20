"""The way from an empty installation to one that posts: what is done, and what comes next."""

from pydantic import BaseModel, Field
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.core.inbox import Event
from app.core.runs import Run
from app.core.tables import ConfigVersion
from app.settings import Settings


class Step(BaseModel):
    key: str
    title: str
    done: bool
    todo: str = Field(description="What to do; names stand in backticks.")
    page: str = Field("", description="Where in the dashboard it is done or looked at.")
    document: str = Field("", description="The document that tells how, below `docs/`.")


def steps(session: Session, settings: Settings) -> list[Step]:
    """In the order in which they are taken."""
    heard, told, chosen, posted = session.execute(
        select(
            exists().where(Event.source == "stripe"),
            exists().where(Event.source == "netsuite"),
            exists().where(ConfigVersion.id > 0),
            exists().where(Run.state == "succeeded"),
        )
    ).one()
    connections = "/settings/connections"
    return [
        Step(
            key="stripe",
            title="Connect Stripe",
            done=bool(settings.stripe),
            todo="Put `STRIPE__MAIN__API_KEY` into `.env` and start Tieout again.",
            page=connections,
            document="quickstart",
        ),
        Step(
            key="netsuite",
            title="Connect NetSuite",
            done=settings.netsuite is not None,
            todo="Make the integration record and the role, then put the `NETSUITE__…` variables into `.env`.",
            page=connections,
            document="netsuite-setup",
        ),
        Step(
            key="webhook",
            title="Let Stripe tell of what happens",
            done=heard,
            todo="`tieout stripe setup` makes the webhook endpoint with the events that your flows want.",
            page=connections,
            document="doctor",
        ),
        Step(
            key="install",
            title="Install Tieout in NetSuite",
            done=told,
            todo="Deploy the SuiteCloud project in `suiteapp/`; then save an invoice, and NetSuite tells of it.",
            page=connections,
            document="netsuite-setup",
        ),
        Step(
            key="configure",
            title="Choose accounts and items",
            done=chosen,
            todo="Name the accounts, items and subsidiary of your books: `tieout config apply FILE`.",
            page="/mapping",
            document="configuration",
        ),
        Step(
            key="backfill",
            title="Bring over what is there already",
            done=posted,
            todo="Preview a few records first, then start a back-fill of the last month.",
            page="/jobs/backfill",
            document="operations",
        ),
    ]
