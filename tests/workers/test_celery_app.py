"""What the workers promise by their configuration."""

import pytest

from app.settings import Settings
from workers import tasks
from workers.celery_app import QUEUES, app, configuration
from workers.flows import CATALOGUE

MEMORY = Settings(_env_file=None, broker_url="", database_url="")
REDIS = Settings(_env_file=None, broker_url="redis://127.0.0.1:1/0", run_time_limit=300)


def test_each_flow_has_a_queue_of_its_own() -> None:
    assert {flow.queue for flow in CATALOGUE.values()} <= set(QUEUES)
    assert len(set(QUEUES)) == len(CATALOGUE) + 3


def test_a_task_is_acknowledged_after_it_was_carried_out() -> None:
    chosen = configuration(REDIS)
    assert (chosen["task_acks_late"], chosen["task_reject_on_worker_lost"]) == (True, True)


def test_a_message_is_not_delivered_again_while_its_run_may_still_be_going() -> None:
    assert configuration(REDIS)["broker_transport_options"]["visibility_timeout"] > REDIS.run_time_limit


def test_in_memory_nothing_is_fetched_ahead() -> None:
    assert configuration(MEMORY)["worker_prefetch_multiplier"] == 0


def test_messages_are_json_and_results_are_not_kept() -> None:
    chosen = configuration(REDIS)
    assert (chosen["task_serializer"], chosen["accept_content"], chosen["task_ignore_result"]) == (
        "json",
        ["json"],
        True,
    )


@pytest.mark.parametrize("entry", list(configuration(REDIS)["beat_schedule"].values()), ids=lambda entry: entry["task"])
def test_each_scheduled_task_exists(entry: dict[str, str]) -> None:
    app.loader.import_default_modules()
    assert entry["task"] in app.tasks


def test_celery_never_retries_by_itself() -> None:
    ours = [task for name, task in app.tasks.items() if name.startswith(tasks.__name__)]
    assert ours
    assert not any(getattr(task, "autoretry_for", ()) for task in ours)
