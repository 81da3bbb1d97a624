"""The entry points of mail carry ids only, and beat knows the digest."""

from uuid import uuid4

import pytest

from paritycheck.config.celery import app
from paritycheck.tasks.deliver import deliver_message
from paritycheck.tasks.digests import digests
from paritycheck.tasks.schedule import SCHEDULE


def test_beat_asks_for_digests_often_enough_to_be_on_time() -> None:
    entry = SCHEDULE["digests"]
    assert entry["task"] == digests.name == "paritycheck.prepare_digests"
    assert entry["schedule"] <= 900


def test_every_scheduled_task_exists() -> None:
    app.loader.import_default_modules()
    assert {entry["task"] for entry in SCHEDULE.values()} <= set(app.tasks)


def test_sending_has_a_queue_of_its_own() -> None:
    assert app.amqp.router.route({}, deliver_message.name)["queue"].name == "deliver"
    assert app.amqp.router.route({}, "paritycheck.route_events")["queue"].name == "paritycheck"


@pytest.mark.django_db(transaction=True)
def test_tasks_take_an_id_and_give_nothing() -> None:
    assert deliver_message.apply(args=(str(uuid4()),)).get() is None
    assert digests.apply().get() is None
