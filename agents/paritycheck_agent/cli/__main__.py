"""`python -m paritycheck_agent.cli`: the command where nothing is installed."""

from __future__ import annotations

import sys

from paritycheck_agent.cli import main

sys.exit(main())
