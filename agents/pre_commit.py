#!/usr/bin/env python3
"""Run `parity lint` from a clone of this repository, as pre-commit's `language: script` does. Installs nothing.

Python 3.9 or newer; 3.9 and 3.10 need `tomli` beside them to read parity.toml.
"""

from __future__ import annotations

import os
import sys

# Before anything of the hooked repository: a file there may be called as one of ours.
sys.path[0] = os.path.dirname(os.path.realpath(__file__))
sys.argv[1:1] = ["lint"]

from paritycheck_agent.cli import command  # noqa: E402 - the path comes first

command()
