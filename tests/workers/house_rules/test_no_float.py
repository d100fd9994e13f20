"""Money is never a float. Floats count seconds, elsewhere; where money passes there is none at all."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ALL = sorted([*ROOT.glob("app/**/*.py"), *ROOT.glob("workers/**/*.py")])
MONEY_PASSES = sorted(
    [
        *ROOT.glob("workers/flows/*.py"),
        *ROOT.glob("workers/records/*.py"),
        *ROOT.glob("app/systems/*/objects.py"),
        ROOT / "app/systems/netsuite/records.py",
        ROOT / "app/systems/netsuite/wire.py",
        ROOT / "app/systems/netsuite/reads.py",
        ROOT / "app/systems/stripe/parse.py",
        ROOT / "app/systems/stripe/writes.py",
        ROOT / "app/systems/stripe/reads.py",
        ROOT / "app/core/interfaces.py",
        ROOT / "app/core/links.py",
        ROOT / "app/core/fingerprint.py",
        ROOT / "app/errors.py",
        ROOT / "app/money.py",
    ]
)
MONEY = re.compile(r"amount|total|price|money|balance|fee|tax|payment|subtotal|discount|exchange_rate|cents|minor")


def mentions(tree: ast.AST) -> Iterator[int]:
    """Lines that name the type or hold a literal of it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "float":
            yield node.lineno
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield node.lineno


def money_as_float(tree: ast.AST) -> Iterator[str]:
    """Names that sound like money and are annotated as, or made into, a float."""
    for node in ast.walk(tree):
        match node:
            case ast.arg(arg=name, annotation=ast.expr() as said) if list(mentions(said)):
                yield from [name] if MONEY.search(name) else []
            case ast.AnnAssign(target=ast.Name(id=name), annotation=said) if list(mentions(said)):
                yield from [name] if MONEY.search(name) else []
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if list(mentions(value)):
                yield from [name] if MONEY.search(name) else []
            case ast.Call(func=ast.Name(id="float"), args=[ast.Name(id=name) | ast.Attribute(attr=name)]):
                yield from [name] if MONEY.search(name) else []


@pytest.mark.parametrize("file", MONEY_PASSES, ids=lambda file: str(file.relative_to(ROOT)))
def test_there_is_no_float_where_money_passes(file: Path) -> None:
    assert list(mentions(ast.parse(file.read_text()))) == []


@pytest.mark.parametrize("file", ALL, ids=lambda file: str(file.relative_to(ROOT)))
def test_nothing_that_sounds_like_money_is_a_float(file: Path) -> None:
    assert list(money_as_float(ast.parse(file.read_text()))) == []


@pytest.mark.parametrize(
    "code", ["amount: float = 1", "def f(total: float) -> None: ...", "tax = float(x)", "print(float(line.amount))"]
)
def test_the_rule_sees_a_float(code: str) -> None:
    assert list(money_as_float(ast.parse(code)))
