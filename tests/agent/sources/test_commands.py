"""Commands as a shell reads them; the standard library's shlex and a real shell are the oracles."""

from __future__ import annotations

import shlex
import subprocess
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paritycheck_agent.sources.commands import OPAQUE, commands

WORDS = st.lists(st.text("ab \t'\"\\#&;|<>()-=", max_size=6), min_size=1, max_size=5)


@given(st.lists(WORDS, min_size=1, max_size=4), st.sampled_from([" && ", "; ", " || ", "\n", " & "]))
def test_quoted_words_are_read_back(written: list[list[str]], joint: str) -> None:
    text = joint.join(" ".join(shlex.quote(word) for word in words) for words in written)
    assert commands(text) == written


@given(st.text("ab'\"\\ \t", max_size=30))
def test_simple_texts_are_split_as_shlex_splits_them(text: str) -> None:
    try:
        expected = shlex.split(text)
    except ValueError:
        expected = []
    assert commands(text) == ([expected] if expected else [])


@pytest.mark.parametrize(
    "text",
    [
        "echo one 2>&1 >/dev/null",
        "echo 'a b' # a comment",
        "echo a\\\nb",
        "A=1 echo x 2>/dev/null",
        'echo "it\'s" </dev/null',
    ],
)
def test_words_are_those_that_a_real_shell_gives(text: str) -> None:
    told = subprocess.run(
        ["sh", "-c", text.replace("echo", "printf '%s\\n'")], capture_output=True, text=True, check=True
    )
    words = commands(text)[0]
    assert words[words.index("echo") + 1 :] == (told.stdout.split("\n")[:-1] or ["one"])


def test_an_expansion_is_opaque_whatever_it_holds() -> None:
    text = 'A=$(echo hidden | base64 \')\' "$(x)") B=`y; z` "${C:-a b}"/bin/run $1 \'$kept\' "q$D"'
    assert commands(text) == [
        [f"A={OPAQUE}", f"B={OPAQUE}", f"{OPAQUE}/bin/run", OPAQUE, "$kept", f"q{OPAQUE}"],
    ]


def test_what_follows_a_pipe_and_redirections_are_left_out() -> None:
    assert commands("run a 2>&1 | tee log && next &> out; last >> x <(other)") == [["run", "a"], ["next"], ["last"]]


@pytest.mark.parametrize(
    "text", ["run 'a", 'run "a', "run $(a", "run ${a", "cat <<EOF\nhidden\nEOF\nrun", "x" * 70_000]
)
def test_what_cannot_be_read_gives_nothing(text: str) -> None:
    assert commands(text) == []


@given(st.text("ab $(){}`'\"\\<>&|;\n#12", max_size=200))
def test_any_text_ends(text: str) -> None:
    assert all(word is not None for words in commands(text) for word in words)


@pytest.mark.parametrize("piece", ["$(", "(", "'", '"', "`", "\\", "<", "2>&1 ", "a;", "${"])
def test_the_time_grows_with_the_length_only(piece: str) -> None:
    started = time.process_time()
    commands((piece * 64_000)[:64_000])
    assert time.process_time() - started < 3
