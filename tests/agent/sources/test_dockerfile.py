"""Dockerfiles: what a build starts from, and what it bakes in."""

from __future__ import annotations

import time

import pytest

from paritycheck_agent.sources import dockerfile

TEXT = """\
# syntax=docker/dockerfile:1
ARG PYTHON=3.12
ARG SUITE="bookworm"
FROM python:${PYTHON}-slim-$SUITE AS base
ENV A=1 B="two words" \\
    # a note between
    C=it\\ is
ENV OLDER form of value
FROM --platform=linux/amd64 node:22 AS assets
RUN <<EOF
FROM postgres:1
ENV WRONG=1
EOF
FROM base
COPY --from=assets /x /x
ENV A=3
CMD ["gunicorn"]
"""


def test_stages_start_from_images_and_from_each_other() -> None:
    stages = dockerfile.stages(TEXT)
    assert [(stage.base, stage.name, stage.line) for stage in stages] == [
        ("python:3.12-slim-bookworm", "base", 4),
        ("node:22", "assets", 9),
        ("base", "", 14),
    ]
    assert [stage.line for stage in dockerfile.lineage(stages)] == [14, 4]
    assert [stage.base for stage in dockerfile.lineage(stages, "assets")] == ["node:22"]
    assert dockerfile.lineage(stages, "nobody") == []


def test_variables_stand_with_their_lines() -> None:
    first, _, last = dockerfile.stages(TEXT)
    assert first.environment == [("A", "1", 5), ("B", "two words", 5), ("C", "it is", 5), ("OLDER", "form of value", 8)]
    assert last.environment == [("A", "3", 16)]


def test_build_arguments_win_over_defaults() -> None:
    assert dockerfile.stages("ARG V=15\nFROM postgres:${V}\n", {"V": "16"})[0].base == "postgres:16"
    assert dockerfile.stages("FROM postgres:${V:-14}\n")[0].base == "postgres:14"


def test_a_stage_that_starts_from_itself_ends() -> None:
    assert [stage.line for stage in dockerfile.lineage(dockerfile.stages("FROM a AS a\nFROM a AS a\n"))] == [2, 1]


def test_the_time_grows_with_the_length_only() -> None:
    started = time.process_time()
    dockerfile.stages("FROM a AS a\n" * 20_000 + "ENV A='\n" * 20_000 + "RUN x \\\n" * 20_000)
    assert time.process_time() - started < 3


def test_a_comment_goes_on_over_no_line() -> None:
    """A backslash at its end is part of it: docker reads the next line as an instruction."""
    [stage] = dockerfile.stages("#   docker run \\\n#     -it app\n# docker build \\\nFROM python:3.13\n")
    assert (stage.base, stage.line) == ("python:3.13", 4)


def test_comments_between_continued_lines_take_little_cpu() -> None:
    started = time.process_time()
    assert len(dockerfile.stages("FROM a\nENV A=1 \\\n" + "# x\\\n" * 100_000 + "  B=2\n")[0].environment) == 2
    assert time.process_time() - started < 2


LONG = {
    "unclosed defaults": "FROM " + "${A:-" * 40_000,
    "unclosed names": "FROM " + "${A" * 60_000,
    "a word without a value": "FROM a\nENV A=1 " + "a" * 200_000 + "\n",
    "an unclosed quote": 'FROM a\nENV A="' + '\\"' * 100_000 + "\n",
    "here-documents": "RUN " + "<< " * 60_000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_one_long_line_takes_little_cpu(text: str) -> None:
    started = time.process_time()
    dockerfile.stages(text)
    assert time.process_time() - started < 3


def test_a_default_is_read_256_characters_far_and_a_longer_one_stays_as_written() -> None:
    short, long = ("FROM ${BASE:-" + "a" * count + "}" for count in (256, 257))
    assert dockerfile.stages(short)[0].base == "a" * 256
    assert dockerfile.stages(long)[0].base.startswith("${BASE:-")


def test_a_variable_that_is_said_often_fills_no_memory() -> None:
    text = "ARG A=" + "a" * 100_000 + "\nFROM " + "$A" * 1_000 + "\nFROM " + "$A" * 10_000 + "\n"
    assert [stage.base for stage in dockerfile.stages(text)] == ["", ""]
