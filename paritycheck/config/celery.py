"""The Celery application. Its tasks carry ids only; what they do is in `services`."""

import os
from typing import Any

import structlog
from celery import Celery
from celery.signals import celeryd_init, setup_logging, worker_ready

DELIVER_QUEUE = "deliver"

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paritycheck.config.settings")

app = Celery(
    "paritycheck",
    task_cls="paritycheck.tasks.base:WakingTask",
    include=[
        "paritycheck.tasks.evaluate",
        "paritycheck.tasks.deliver",
        "paritycheck.tasks.digests",
        "paritycheck.tasks.watch",
    ],
)
app.config_from_object("django.conf:settings", namespace="CELERY")


@app.on_after_configure.connect
def set_schedule(sender: Celery, **_: Any) -> None:
    """The beat table lives with the tasks."""
    from paritycheck.tasks.schedule import SCHEDULE

    sender.conf.beat_schedule = SCHEDULE


@celeryd_init.connect
def listen_for_work(conf: Any = None, **_: Any) -> None:
    """Workers, and only workers, LISTEN: a publisher that did would hold connections it never reads."""
    if conf.broker_url and str(conf.broker_url).startswith("pgmq"):
        conf.broker_transport_options = {**conf.broker_transport_options, "use_notify": True, "pool_size": 2}


@celeryd_init.connect
def refuse_restored(**_: Any) -> None:
    """No worker works on a database that was restored and not confirmed; one that is away is waited for later."""
    from django.db import Error, connections

    from paritycheck.services.standing import guard_connections, why_not

    try:
        said = why_not()
    except Error:
        said = ""
    finally:
        # The pool forks: nobody inherits a connection.
        connections.close_all()
    guard_connections()
    if said:
        structlog.get_logger(__name__).error("not started", reason=said)
        raise SystemExit(1)


@worker_ready.connect
def watch(sender: Any = None, **_: Any) -> None:
    """Each worker looks after its own pool and its ears; a sender looks after beat, which looks after all others."""
    from paritycheck.tasks import deaf, stuck
    from paritycheck.tasks.watchdog import start_watchdog

    sends = set(app.amqp.queues.consume_from) == {DELIVER_QUEUE}
    stuck.start_watch(sender.pool)
    deaf.start_watch("sender" if sends else "worker")
    if sends:
        start_watchdog()


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Connected so that Celery leaves the logging that Django configured."""
