"""The documentation, rendered for reading inside the dashboard: no script, no style, nothing of another host."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from posixpath import dirname, join, normpath
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

DOCS = Path(__file__).parents[2] / "docs"
GUIDES = (
    "quickstart",
    "dashboard",
    "configuration",
    "netsuite-setup",
    "operations",
    "errors",
    "doctor",
    "cli",
    "api",
    "architecture",
)
"""In the order in which one needs them; others follow."""
_ALIGNED = {"text-align:right": "n", "text-align:center": "centred", "text-align:left": ""}


@dataclass(frozen=True)
class Heading:
    id: str
    words: str
    level: int


@dataclass(frozen=True)
class Document:
    """`name`: its path below the folder without its ending, as in the address."""

    name: str
    source: str
    known: frozenset[str]

    @cached_property
    def _tokens(self) -> Sequence[Token]:
        return _prepared(_markdown().parse(self.source), self.name, self.known)

    @cached_property
    def html(self) -> Markup:
        """Raw HTML in it is shown as text. The title is left out: the page has it as its heading."""
        body = [token for token in self._tokens if not token.meta.get("title")]
        markdown = _markdown()
        return Markup(markdown.renderer.render(body, markdown.options, {}))  # noqa: S704  (raw HTML is escaped)

    @cached_property
    def title(self) -> str:
        return next((each.words for each in self._headings if each.level == 1), self.name)

    @property
    def parts(self) -> list[Heading]:
        """What stands beside it as a table of contents."""
        return [each for each in self._headings if each.level == 2]

    @cached_property
    def _headings(self) -> list[Heading]:
        pairs = zip(self._tokens, self._tokens[1:], strict=False)
        opened = [(one, following) for one, following in pairs if one.type == "heading_open"]
        return [Heading(str(one.attrs["id"]), _plain(words), int(one.tag[1:])) for one, words in opened]


class Manual(Mapping[str, Document]):
    """Every page of the folder by name, as they were at the start."""

    def __init__(self, folder: Path = DOCS) -> None:
        files = {path.relative_to(folder).with_suffix("").as_posix(): path for path in sorted(folder.rglob("*.md"))}
        known = frozenset(files)
        self._documents = {name: Document(name, path.read_text("utf-8"), known) for name, path in files.items()}

    def __getitem__(self, name: str) -> Document:
        return self._documents[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._documents)

    def __len__(self) -> int:
        return len(self._documents)

    def guides(self) -> list[Document]:
        others = sorted(name for name in self if "/" not in name and name not in GUIDES)
        return [self[name] for name in (*GUIDES, *others) if name in self]

    def decisions(self) -> list[Document]:
        return [self[name] for name in self if name.startswith("decisions/") and not name.endswith("README")]


def _markdown() -> MarkdownIt:
    """Without raw HTML; links of odd schemes (`javascript:`, `data:`) are none for the library."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    for kind in ("fence", "code_block"):
        markdown.add_render_rule(kind, _code)
    return markdown


def _code(_: object, tokens: Sequence[Token], at: int, *__: object) -> str:
    """What is wider than the page is scrolled with the keyboard, too."""
    return f'<pre tabindex="0"><code>{escape(tokens[at].content)}</code></pre>\n'


# what is changed before it is written ------------------------------------------------------------------------------


def _prepared(tokens: list[Token], name: str, known: frozenset[str]) -> list[Token]:
    _headings_named(tokens)
    for token in tokens:
        if token.type == "table_open":
            token.attrSet("class", "table")
        if token.type in ("th_open", "td_open"):
            # a style attribute is what the pages' policy forbids
            token.attrs = {"class": _ALIGNED.get(str(token.attrs.get("style", "")), "")}
        _links(token.children or (), name, known)
    return _tables_scroll(tokens)


def _headings_named(tokens: Sequence[Token]) -> None:
    """Ids as the links in the documents expect them; the first heading of all is the title."""
    seen: dict[str, int] = {}
    titled = False
    for at, token in enumerate(tokens):
        if token.type != "heading_open":
            continue
        slug = _slug(_plain(tokens[at + 1]))
        seen[slug] = seen.get(slug, -1) + 1
        token.attrSet("id", f"{slug}-{seen[slug]}" if seen[slug] else slug)
        if token.tag == "h1" and not titled:
            titled = True
            for part in tokens[at : at + 3]:
                part.meta["title"] = True


def _slug(words: str) -> str:
    return re.sub(r"[^\w\- ]", "", words.lower()).strip().replace(" ", "-")


def _plain(inline: Token) -> str:
    return "".join(each.content for each in inline.children or () if each.type in ("text", "code_inline"))


def _links(inside: Sequence[Token], name: str, known: frozenset[str]) -> None:
    """To pages of the manual inside the dashboard, to the web in a tab of its own; to other files: none."""
    opened: list[Token] = []
    for token in inside:
        if token.type == "link_open":
            opened.append(token)
            href = _address(str(token.attrs.get("href", "")), name, known)
            away = {"target": "_blank", "rel": "noopener noreferrer"} if urlsplit(href).scheme else {}
            token.tag, token.attrs = ("a", {"href": href, **away}) if href else ("span", {})
        if token.type == "link_close":
            token.tag = opened.pop().tag
        if token.type == "image":
            token.type, token.tag = "text", ""


def _address(href: str, name: str, known: frozenset[str]) -> str:
    """Empty for what is no page of the manual."""
    parsed = urlsplit(href)
    if parsed.scheme in ("http", "https", "mailto") or href.startswith("#"):
        return href
    target = normpath(join(dirname(name), parsed.path)).removesuffix(".md")
    anchor = f"#{parsed.fragment}" if parsed.fragment else ""
    return f"/help/{target}{anchor}" if target in known else ""


def _tables_scroll(tokens: Sequence[Token]) -> list[Token]:
    found: list[Token] = []
    for token in tokens:
        if token.type == "table_open":
            wrap = Token("html_open", "div", 1, block=True)
            wrap.attrs = {"class": "scroll", "tabindex": "0", "role": "region", "aria-label": "Table"}
            found.append(wrap)
        found.append(token)
        if token.type == "table_close":
            found.append(Token("html_close", "div", -1, block=True))
    return found
