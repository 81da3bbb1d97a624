"""Debian's Chromium, headless, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
# Less than a test has: the driver's own error ends cleanly, a test's time limit in its midst does not.
STARTS_WITHIN_MS = 60_000


@contextmanager
def running_browser() -> Iterator[Browser]:
    """One browser for many tests: starting it costs seconds. Its loop in this thread must not make Django refuse."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not here. Install it with: apt-get install chromium")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        with sync_playwright() as driver:
            found = driver.chromium.launch(executable_path=path, args=FLAGS, timeout=STARTS_WITHIN_MS)
            yield found
            found.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
