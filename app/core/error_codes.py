"""What each error code means: why it comes up, what a person does about it, and which setting mends it.

The sentences hold nothing of a customer's: they leave the house in alerts. `docs/errors.md` is made of this table.
"""

from functools import cache

from app.core.error_rows import ROWS, ErrorCode


def about(code: str, error_class: str | None = None, field: str = "") -> ErrorCode:
    """The row of a code; of what has none, the row of its class, and at last that of the unforeseen."""
    rows = _by_code()
    for name in (code, "http_5" if code.startswith("http_5") else "", error_class or ""):
        found = [one for one in rows.get(name, ()) if field.startswith(one.field)]
        if found:
            return max(found, key=lambda one: len(one.field))
    return rows["error"][0]


def is_known(code: str) -> bool:
    return code in _by_code()


@cache
def _by_code() -> dict[str, list[ErrorCode]]:
    found: dict[str, list[ErrorCode]] = {}
    for row in ROWS:
        for name in (row.code, *row.also):
            found.setdefault(name, []).append(row)
    return found


# the page ----------------------------------------------------------------------------------------------------------

HEAD = """# Errors

What Tieout says when a record cannot go on, by the code that stands with it. The same words stand on the page of the
issue, where what can be mended by a setting or a choice is mended in place. In `tieout runs` and the API the code is
`error_code`. Codes that are not listed are Stripe's or NetSuite's own, kept as they came; what they said stands with
the record.

| code | what it means | what to do |
|---|---|---|
"""


def as_page() -> str:
    """docs/errors.md."""
    return HEAD + "".join(f"| {_names(row)} | {_first(row.words)}. {row.why} | {_told(row)} |\n" for row in ROWS)


def _names(row: ErrorCode) -> str:
    about_field = f" of `{row.field.rstrip('.')}`" if row.field else ""
    others = "".join(f", `{name}`" for name in row.also)
    return f"`{row.code}`{others}{about_field}"


def _told(row: ErrorCode) -> str:
    wanted = row.setting.replace("{", "<").replace("}", ">")
    return f"{row.todo} On the issue: set `{wanted}`." if wanted and wanted != "<field>" else row.todo


def _first(words: str) -> str:
    return words[:1].upper() + words[1:]


if __name__ == "__main__":
    print(as_page(), end="")
