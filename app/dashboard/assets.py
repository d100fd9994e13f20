"""The dashboard's own scripts and styles, and those of the npm packages: addresses that change with their content."""

import gzip
import hashlib
from functools import cached_property
from pathlib import Path

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import Response

STATIC = Path(__file__).parent / "static"
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}
NEEDED = ("vendor/htmx.js", "vendor/tabler.css", "vendor/echarts.js", "vendor/icons.svg")
log = structlog.get_logger()


class Asset:
    """One file, as it was when it was first asked for."""

    def __init__(self, path: Path) -> None:
        self.plain = path.read_bytes()
        self.digest = hashlib.sha256(self.plain).hexdigest()[:16]
        self.type = TYPES[path.suffix]

    @cached_property
    def packed(self) -> bytes:
        return gzip.compress(self.plain, 6, mtime=0)


class Assets:
    """Every file under `static/`, by its path there. What is not in the folder at the start does not exist."""

    def __init__(self, folder: Path = STATIC) -> None:
        found = sorted(path for path in folder.rglob("*") if path.suffix in TYPES and path.is_file())
        self._by_path = {str(path.relative_to(folder)): Asset(path) for path in found}
        missing = [name for name in NEEDED if name not in self._by_path]
        if missing:
            log.warning("assets.missing", files=missing, do="python3 scripts/setup.py --assets")

    def url(self, path: str) -> str:
        asset = self._by_path.get(path)
        return f"/static/{asset.digest if asset else 'missing'}/{path}"

    def find(self, digest: str, path: str) -> Asset | None:
        asset = self._by_path.get(path)
        return asset if asset is not None and asset.digest == digest else None


router = APIRouter(include_in_schema=False)


@router.get("/static/{digest}/{path:path}")
def static(request: Request, digest: str, path: str) -> Response:
    assets: Assets = request.app.state.assets
    asset = assets.find(digest, path)
    if asset is None:
        return Response("There is no such file.", 404, media_type="text/plain")
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept-Encoding",
    }
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=asset.type)
    return Response(asset.plain, headers=headers, media_type=asset.type)
