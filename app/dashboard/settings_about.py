"""Settings, About: which version this is, what it keeps for how long, and where to read more."""

from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version

from fastapi.responses import Response
from sqlalchemy import text

from app.core import completeness, run_counts, tie_out
from app.dashboard.access import Viewer
from app.dashboard.pages import page, pages
from app.systems.stripe.objects import API_VERSION

router = pages(prefix="/settings/about")
_FACTS = text(
    "SELECT current_setting('server_version') AS postgres, pg_database_size(current_database()) AS bytes,"
    " (SELECT version_num FROM alembic_version) AS schema"
)


@router.get("")
def about(visit: Viewer) -> Response:
    with visit.parts.database.session_scope() as session:
        row = session.execute(_FACTS).one()
    settings = visit.parts.settings
    kept = timedelta(days=settings.event_retention_days)
    return page(
        visit,
        "settings/about.html",
        version=own_version(),
        stripe_version=API_VERSION,
        row=row,
        kept=kept,
        hours_kept=run_counts.HOURS_KEPT,
        tie_outs=tie_out.KEPT,
        listed=completeness.LONGEST,
        settings=settings,
    )


def own_version() -> str:
    try:
        return version("tieout")
    except PackageNotFoundError:
        return "unknown"
