"""Where in an expression something is wrong: the place for a mark under it."""

import re
from dataclasses import dataclass

from jinja2 import TemplateSyntaxError
from jinja2.parser import Parser

from app.core import expressions
from app.core.expressions import ExpressionError

_NAMED = re.compile(r"there is no [`'](?P<name>[^`']+)[`']|No filter named '(?P<filter>[^']+)'")
_CHARACTER = re.compile(r"unexpected char .* at (\d+)$")


@dataclass(frozen=True)
class Fault:
    """`at`: number of the character, from 0; None where it is not about one place. `length`: of what is wrong."""

    words: str
    at: int | None = None
    length: int = 1


def fault(text: str, met: str = "") -> Fault | None:
    """What cannot be read of it; with `met`, where the complaint of working it out is about. None when nothing is."""
    if met:
        return _placed(text, met)
    try:
        expressions.check(text)
    except ExpressionError as error:
        return _placed(text, str(error))
    return None


def _placed(text: str, words: str) -> Fault:
    said = words.partition("\n")[0].rstrip(".").replace("end of template", "end of the expression")
    if said == "chunk after expression":
        said = "this does not belong to what stands before it: is an operator or a `|` missing?"
    named = _NAMED.search(words)
    if named:
        name = named["name"] or named["filter"]
        found = re.search(rf"(?<![\w'\"]){re.escape(name)}(?!\w)", text)
        return Fault(said, found.start() if found else None, len(name))
    character = _CHARACTER.search(said)
    if "longer than" in said:
        return Fault(said)
    return Fault(said, int(character[1]) if character else _misread(text))


def _misread(text: str) -> int | None:
    """Where the reader gives up. It tells lines only, so each token is given a line of its own."""
    try:
        tokens = [value for _, _, value in expressions.environment().lexer.tokeniter(text, None, state="variable")]
    except TemplateSyntaxError:
        return None
    starts, spread, line = {}, "", 1
    for number, value in enumerate(tokens):
        starts[line] = sum(map(len, tokens[:number]))
        spread += value + "\n"
        line += value.count("\n") + 1
    return starts.get(_line(spread), len(text))


def _line(spread: str) -> int:
    parser = Parser(expressions.environment(), spread, state="variable")
    try:
        parser.parse_expression()
    except TemplateSyntaxError as error:
        return error.lineno
    return parser.stream.current.lineno
