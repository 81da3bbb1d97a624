"""The agent's figures as a test; `agent_show.py` alone prints them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.e2e
@pytest.mark.timeout(300)
def test_showing_150_distributions_beats_pip_inspect_within_40_mb() -> None:
    # A process of its own: a child's peak memory counts that of the process it was forked from.
    script = Path(__file__).with_name("agent_show.py")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    sys.stdout.write(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
