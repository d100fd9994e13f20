"""The Celery application: one queue per flow, a beat schedule, and no retry of its own: there is one retry system."""

from datetime import timedelta
from typing import Any

from celery import Celery
from kombu import Queue

from app.core.retry_errors import TICK
from app.settings import Settings, settings
from workers.flows import CATALOGUE

DISPATCH, CLOCK, SWEEPS = "dispatch", "clock", "sweeps"
QUEUES = (DISPATCH, CLOCK, SWEEPS, *(flow.queue for flow in CATALOGUE.values()))


def configuration(chosen: Settings) -> dict[str, Any]:
    memory = chosen.in_memory_broker
    return {
        "broker_url": "memory://localhost//" if memory else chosen.broker_url,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_queues": [Queue(name) for name in QUEUES],
        "task_default_queue": DISPATCH,
        "task_time_limit": chosen.run_time_limit,
        "task_soft_time_limit": None,
        "task_publish_retry": False,
        "worker_prefetch_multiplier": 0 if memory else 1,
        "worker_hijack_root_logger": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": _transport(chosen),
        "beat_schedule": _beat(chosen),
        "beat_max_loop_interval": 1.0,
    }


def _transport(chosen: Settings) -> dict[str, Any]:
    """In memory, a short polling interval keeps the latency at some milliseconds.

    On Redis, a message not acknowledged within `visibility_timeout` is delivered again, so it is longer than any run.
    """
    if chosen.in_memory_broker:
        return {"polling_interval": 0.01}
    return {"visibility_timeout": chosen.run_time_limit * 4, "socket_timeout": 10, "socket_connect_timeout": 3}


def _beat(chosen: Settings) -> dict[str, Any]:
    every = {
        "replay_due": timedelta(seconds=2),
        "sweep_inbox": timedelta(seconds=5),
        "sweep_due": timedelta(seconds=15),
        "resume_jobs": timedelta(seconds=30),
        "compact_counts": timedelta(seconds=30),
        "prune": timedelta(hours=6),
        "look_for_alerts": timedelta(seconds=30),
        "send_alerts": timedelta(seconds=10),
        "retry_errors": TICK,
        "check_completeness": timedelta(hours=1),
    }
    if chosen.tie_out_minutes:
        every["tie_out"] = timedelta(minutes=chosen.tie_out_minutes)
    elsewhere = {"retry_errors": CATALOGUE["retry_errors"].queue, "check_completeness": SWEEPS, "tie_out": SWEEPS}
    return {
        name: {
            "task": f"workers.tasks.{name}",
            "schedule": interval,
            "options": {"queue": elsewhere.get(name, CLOCK), "expires": max(interval.total_seconds() * 3, 10)},
        }
        for name, interval in every.items()
    }


app = Celery("tieout", include=["workers.tasks"])
app.conf.update(configuration(settings()))
