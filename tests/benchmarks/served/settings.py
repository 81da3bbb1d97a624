"""The installation's settings, with the peer's address beside its own."""

from paritycheck.config.settings import *  # noqa: F403  all of them, as Django reads a module's names

ROOT_URLCONF = "tests.benchmarks.served.urls"
