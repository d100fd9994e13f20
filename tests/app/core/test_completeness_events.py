"""The records behind a day's numbers: the same buckets, and the same sum."""

from collections import Counter

from app.core import completeness_events
from app.errors import Unmapped
from tests.app.core.fakes import Bench
from tests.app.core.test_completeness import DAY, behaving, happened


def month(bench: Bench) -> None:
    """One done, one held, one ignored by name, one that no flow knows."""
    happened(bench, 1)
    behaving(bench, Unmapped("No account.", setting="x"))
    happened(bench, 2)
    happened(bench, 3, "noise.made")
    happened(bench, 4, "riddle.asked")


def test_a_list_has_as_many_as_the_number_it_stands_behind(bench: Bench) -> None:
    month(bench)
    [counted] = bench.sweeper.completeness()
    with bench.database.session_scope() as session:
        found = completeness_events.listed(session, "main", DAY)
    assert Counter(one.bucket for one in found) == {"done": 1, "held": 1, "skipped": 2}
    assert (counted.done, counted.held, counted.skipped) == (1, 1, 2)


def test_a_bucket_names_its_records(bench: Bench) -> None:
    month(bench)
    with bench.database.session_scope() as session:
        [held] = completeness_events.listed(session, "main", DAY, bucket="held")
    assert (held.object_id, [(run.flow, run.state) for run in held.runs]) == ("t_2", [("things", "held")])


def test_a_flow_counts_objects_by_what_became_of_them(bench: Bench) -> None:
    month(bench)
    with bench.database.session_scope() as session:
        [things] = completeness_events.by_flow(session, "main", DAY)
        listed = completeness_events.listed(session, "main", DAY, flow="things", bucket="done")
    assert (things.flow, things.done, things.held) == ("things", 1, 1)
    assert [one.object_id for one in listed] == ["t_1"]


def test_events_that_make_no_record_are_told_by_type(bench: Bench) -> None:
    month(bench)
    with bench.database.session_scope() as session:
        found = completeness_events.unconcerned(session, "main", DAY)
    assert sorted(found) == [("ignored", "noise.made", 1), ("unknown", "riddle.asked", 1)]


def test_a_list_goes_on_where_the_page_before_ended(bench: Bench) -> None:
    for number in range(3):
        happened(bench, number)
    with bench.database.session_scope() as session:
        first = completeness_events.listed(session, "main", DAY, limit=2)
        rest = completeness_events.listed(session, "main", DAY, before=first[-1].id)
    assert [one.object_id for one in (*first, *rest)] == ["t_2", "t_1", "t_0"]
