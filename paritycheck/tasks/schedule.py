"""The beat table. Per-project schedules live in rows; beat only wakes."""

from typing import Any

SCHEDULE: dict[str, dict[str, Any]] = {
    "note-worker": {"task": "paritycheck.note_worker", "schedule": 30.0, "options": {"expires": 60}},
    "note-sender": {
        "task": "paritycheck.note_sender",
        "schedule": 30.0,
        "options": {"expires": 60, "queue": "deliver"},
    },
    "timed-evaluations": {"task": "paritycheck.request_timed_evaluations", "schedule": 300.0},
    "expiry": {"task": "paritycheck.expire_environments", "schedule": 600.0},
    "retention": {"task": "paritycheck.delete_old_rows", "schedule": 3_600.0},
    "partitions": {"task": "paritycheck.tend_partitions", "schedule": 21_600.0},
    "digests": {"task": "paritycheck.prepare_digests", "schedule": 60.0},
    "silence": {"task": "paritycheck.note_silence", "schedule": 30.0, "options": {"expires": 60}},
    "ending-waivers": {"task": "paritycheck.note_ending_waivers", "schedule": 3600.0},
}
