import gzip
import re
from pathlib import Path

import httpx
import pytest

from app.dashboard.assets import NEEDED, STATIC, Assets
from app.dashboard.formats import STATES
from app.dashboard.navigation import ENTRIES, SETTINGS
from tests.app.dashboard.conftest import SignIn


def loaded(page: str) -> list[str]:
    return re.findall(r'(?:src|href|content)="(/static/[^"#]+)', page)


def test_everything_a_page_loads_is_there(sign_in: SignIn) -> None:
    visitor = sign_in("viewer")
    urls = loaded(visitor.get("/").text)
    assert len(urls) >= 7
    assert {visitor.get(url).status_code for url in urls} == {200}


def test_what_set_up_copies_is_there() -> None:
    assert [name for name in NEEDED if not (STATIC / name).is_file()] == []


def test_it_is_kept_for_ever_under_an_address_of_its_content(base_url: str, sign_in: SignIn) -> None:
    url = next(one for one in loaded(sign_in("viewer").get("/").text) if one.endswith("tieout.css"))
    assert "immutable" in httpx.get(base_url + url).headers["cache-control"]
    digest = url.split("/")[2]
    assert httpx.get(base_url + url.replace(digest, "0" * 16)).status_code == 404


def test_it_is_sent_packed_to_who_can_unpack(base_url: str, sign_in: SignIn) -> None:
    url = next(one for one in loaded(sign_in("viewer").get("/").text) if one.endswith("tieout.css"))
    with httpx.stream("GET", base_url + url, headers={"accept-encoding": "gzip"}) as answer:
        assert gzip.decompress(b"".join(answer.iter_raw())) == (STATIC / "tieout.css").read_bytes()


@pytest.mark.parametrize("path", ["%2e%2e/base.html", "..%2f..%2fsettings.py", "vendor/.stamp", "/etc/passwd"])
def test_nothing_else_is_served(base_url: str, path: str) -> None:
    assert httpx.get(f"{base_url}/static/0000000000000000/{path}").status_code == 404


def test_other_content_has_another_address(tmp_path: Path) -> None:
    file = tmp_path / "x.css"
    file.write_text("a {}")
    before = Assets(tmp_path).url("x.css")
    file.write_text("b {}")
    assert Assets(tmp_path).url("x.css") != before


ICON = re.compile(r'icon\("([a-z0-9-]+)"')


def test_every_icon_that_is_drawn_is_in_the_picture() -> None:
    drawn = {name for page in STATIC.parent.rglob("*.html") for name in ICON.findall(page.read_text())}
    drawn |= {sign for sign, _ in STATES.values()} | {entry.icon for entry in (*ENTRIES, *SETTINGS)}
    kept = set(re.findall(r'<symbol id="([a-z0-9-]+)"', (STATIC / "vendor" / "icons.svg").read_text()))
    assert drawn - kept == set()


INLINE = re.compile(r"""\sstyle=|\son[a-z]+=["']|hx-on|<script(?![^>]*(?:src=|application/json))|js:""")


def test_no_template_has_anything_inline() -> None:
    found = [str(page.name) for page in STATIC.parent.rglob("*.html") if INLINE.search(page.read_text())]
    assert found == []
