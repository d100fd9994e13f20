"""The dashboard: pages rendered on the server, readable without JavaScript, one module and one template folder each.

**Add a page.** Make `app/dashboard/flows.py` and `templates/flows/…html`, add the module to `PAGES` in `site.py` (the
side bar shows an entry of `navigation.ENTRIES` as soon as its address is served; tabs of Settings are
`navigation.SETTINGS`), and its test in `tests/app/dashboard/`.

    router = pages()                                  # errors become pages, forms are guarded, headers are set

    class Query(Asked): ...                           # a pydantic model; blank fields of a filter form are left out

    @router.get("/flows")
    def flows(visit: Viewer, asked: Annotated[Query, QueryParams()]) -> Response:
        with visit.parts.database.session_scope() as session:
            found = queries.flows(session, visit.parts.catalogue)
        return page(visit, "flows/list.html", flows=found)

`Viewer`, `Operator` and `Admin` (from `access`) are the roles; `visit.parts`, `visit.now`, `visit.may("operate")` and
`visit.caller.name` (the actor) is what a page needs. Pages call the functions of `app.admin` that the API calls; raise
`not_found(...)`, `Impossible`, `Refusal` from `app.admin` as there.

**A form.** `<form method="post">{{ form_token() }}…`, handled with `@router.post` and `Form()` parameters, answered
with `go_to(visit, "/flows", "The flow is paused.")`: a redirect with a toast. In templates `act(action, label, icon,
fields, key)` is a button with its own form, `confirm(id, action, label, title, words, reason=true)` the same behind a
dialog; the reason arrives as the form field `reason`. A form that is wrong is shown again, with status 422.

**A list.** `{% call filters() %}{{ field("q", "Search", asked.q) }}{{ choose("state", "State", options, asked.state)
}} {% endcall %}`, then `<div class="scroll" tabindex="0" role="region" aria-label="…"><table class="table">` with
rows `<tr data-row="{{ run.id }}">` whose first link has the class `row-link`, then `pager(page.next)`: keyset,
`before` in the address. `with_query(here, state="held", before=none)` makes any other link. Numbers stand in `<td
class="n">`.

**Live.** `<section {{ live("runs") }}>…</section>`: fetched anew when something has changed, from this same address.
An element with `data-live="issues|queued|running|retrying|held|dead"` shows that count.

**A chart.** `{% call chart("by-day", option, "Runs by day") %}<table>…</table>{% endcall %}` with an ECharts option
as a dict without functions; `sparkline(values, "words")` needs no script.

**Formats** (filters and macros): `time(at)`, `money(decimal, currency)`, `n|number`, `timedelta|span`, `at|ago`,
`name|words`, `sentence|said` (backticks
become code), `state("held")`, `document(json, "Request")`, `facts([(name, value)])`, `copy(text)`, `icon("route")`
(names in `icons.txt`; after adding one, `python3 scripts/setup.py --assets`), `header(title, lead, crumbs)`, `tabs`,
`empty(title, icon)` with what to do next as its call block. Import macros `with context`.

**Keys.** `data-shortcut="r"` on a button is pressed by `r`: in the chosen row first, else on the page. `r` replays,
`p` previews; j, k, Enter, /, ?, t, g and Ctrl-K are taken.

**Never**: a style attribute, an inline script, an on… attribute, `hx-on`, `hx-vals='js:…'`, another host. The policy
in `pages.HEADERS` blocks them and the browser tests fail on it.
"""
