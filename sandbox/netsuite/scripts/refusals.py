"""What a script is thrown: SuiteScript's own names for what the engine refuses, with the engine's sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.netsuite.errors import PREFIX, NetSuiteError


@dataclass
class ScriptError(Exception):
    """`ends`: the script cannot go on, even if it catches this."""

    name: str
    message: str
    ends: bool = False


CODES: Mapping[str, tuple[str, str]] = {
    "NONEXISTENT_ID": ("RCRD_DSNT_EXIST", "That record does not exist."),
    "NONEXISTENT_RECORD_TYPE": ("INVALID_RCRD_TYPE", ""),
    "INVALID_CONTENT": ("INVALID_FLD_VALUE", ""),
    "INVALID_PARAMETER": ("SSS_SEARCH_ERROR_OCCURRED", ""),
}
# REST calls all of these USER_ERROR
SENTENCES: tuple[tuple[str, str], ...] = (
    ("Record has been changed", "RCRD_HAS_BEEN_CHANGED"),
    ("This record already exists", "DUP_RCRD"),
    ("A customer record with this ID already exists", "UNIQUE_CUST_ID_REQD"),
    ("You have entered an Invalid Field Value", "INVALID_FLD_VALUE"),
    ("The transformation from", "INVALID_RCRD_TRANSFRM"),
)


def thrown(error: NetSuiteError) -> ScriptError:
    """The engine's refusal as a script gets it."""
    sentence = error.detail.removeprefix(PREFIX)
    name, other = CODES.get(error.code, (error.code, ""))
    if error.code == "USER_ERROR":
        name = next((code for start, code in SENTENCES if sentence.startswith(start)), name)
    return ScriptError(name, other or sentence)


def missing_argument(name: str) -> ScriptError:
    return ScriptError("SSS_MISSING_REQD_ARGUMENT", f"Missing a required argument: {name}")
