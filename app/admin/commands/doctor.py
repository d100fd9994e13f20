"""How `tieout doctor` prints what it finds: group by group, with what to do below each trouble."""

from collections.abc import Sequence
from itertools import groupby

from rich.table import Table

from app.admin import show
from app.admin.doctor import CALLS, Finding

TITLES = {"stripe": "Stripe", "netsuite": "NetSuite", "alerts": "Alerts", "this": "This"}


def printed(found: Sequence[Finding]) -> None:
    console = show.console()
    looked = [each for each in found if each.check != CALLS]
    for group, findings in groupby(looked, key=lambda each: each.group):
        made = Table.grid(padding=(0, 2))
        made.add_column(width=4)
        made.add_column(no_wrap=True)
        made.add_column()
        for each in findings:
            made.add_row(show.cell(each.state), show.cell(each.name), show.cell(each.detail))
            if each.action:
                made.add_row("", "", show.cell(f"-> {each.action}"))
        console.print(_title(group), style="bold", markup=False)
        console.print(made)
    show.say("\n".join((_sum(looked), *(each.detail for each in found if each.check == CALLS))))


def _title(group: str) -> str:
    system, *account = group.split()
    return " ".join((TITLES.get(system, system), *account))


def _sum(found: Sequence[Finding]) -> str:
    failed = sum(each.state == "fail" for each in found)
    warned = sum(each.state == "warn" for each in found)
    return f"{len(found)} findings: {failed} failed, {warned} to look at."
