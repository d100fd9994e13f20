"""How pages are looked at: nothing may go wrong in the browser, and everybody can use them."""

import os
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, Request, Response

from tests.project.tree import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PICTURES = ROOT / ".screenshots"
SIZES = (("light", 1280, 860), ("dark", 1280, 860), ("light", 390, 844))


class Watch:
    """What went wrong on a page: errors of the console and of scripts, requests to another host, failed answers."""

    def __init__(self, page: Page, url: str) -> None:
        self._host = urlsplit(url).netloc
        self.problems: list[str] = []
        page.on("console", lambda said: said.type in ("error", "warning") and self.problems.append(said.text))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", self._asked)
        page.on("response", self._answered)

    def _asked(self, request: Request) -> None:
        found = urlsplit(request.url)
        if found.scheme not in ("data", "blob") and found.netloc != self._host:
            self.problems.append(f"asked another host: {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.problems.append(f"{response.status} {response.url}")

    def forgive(self) -> None:
        """For a test that makes something go wrong on purpose."""
        self.problems.clear()


@cache
def _axe() -> str:
    return AXE.read_text(encoding="utf-8")


def accessible(page: Page) -> None:
    """No violation of WCAG 2.2 A or AA that a machine can find, in light and in dark."""
    page.evaluate(_axe())
    found = []
    for theme, rules in (("light", RULES), ("dark", ["color-contrast"])):
        page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme }", theme)
        told = page.evaluate("rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", rules)
        found += [_violation(theme, each) for each in told["violations"]]
    assert not found, "\n".join(found)


def _violation(theme: str, each: dict[str, Any]) -> str:
    where = [node["html"][:160] + " | " + (node.get("failureSummary") or "")[:200] for node in each["nodes"][:3]]
    return f"{theme}: {each['id']}: {each['help']}: {where}"


def screenshot(page: Page, name: str) -> None:
    """Light, dark and narrow, when TIEOUT_SCREENSHOTS is set; else nothing."""
    if not os.environ.get("TIEOUT_SCREENSHOTS"):
        return
    PICTURES.mkdir(exist_ok=True)
    for theme, width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme }", theme)
        page.screenshot(path=PICTURES / f"{name}-{theme}-{width}.png", full_page=True)
