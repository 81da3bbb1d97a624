"""Versions as literals: a zipapp has no metadata to ask."""

from __future__ import annotations

VERSION = "0.1.0"
REPORT_SCHEMA = "paritycheck.report/1"
CANDIDATE_SCHEMA = "paritycheck.candidate/1"
GATE_SCHEMA = "paritycheck.gate/1"
SUPPORTED = [REPORT_SCHEMA]
