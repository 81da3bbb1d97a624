"""Units of systemd: which are the application's, and what they run.

`gunicorn.service` is written as gunicorn's documentation on deploying has it; the answers of `systemctl show` have the
form that systemd 252 prints.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paritycheck_agent.sources import systemd, systemd_state

if TYPE_CHECKING:
    from pathlib import Path

    from paritycheck_agent.sources.process_types import Process

CANARY = "canary7hunter2"
WEB = """\
[Unit]
Description=gunicorn daemon
ExecStart=/usr/bin/wrong

[Service]
Type=notify
Environment=DJANGO_SETTINGS_MODULE=shop "SECRET_KEY={canary} x" 'B=1'
# ExecStart=/usr/bin/commented
ExecStart=
ExecStart=-@/srv/shop/.venv/bin/gunicorn shop.wsgi \\
    --bind unix:/run/gunicorn.sock \\
    --password={canary}
WorkingDirectory={root}
KillSignal=SIGQUIT
StandardOutput=append:/var/log/{canary}.log
[Install]
WantedBy=multi-user.target
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "units"
    found.mkdir()
    return found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    found = tmp_path / "shop"
    (found / "src").mkdir(parents=True)
    return found


def processes(root: Path, folder: Path, *named: str) -> dict[str, Process]:
    read = systemd.read(systemd.units(str(root), named, str(folder)), {}, ["shop"])
    assert not read.complete
    return {process.name: process for process in read.processes}


def test_a_unit_whose_directory_lies_in_the_checkout_is_a_type(root: Path, folder: Path) -> None:
    (folder / "shop-web.service").write_text(WEB.format(root=root / "src", canary=CANARY))
    (folder / "nginx.service").write_text("[Service]\nExecStart=/usr/sbin/nginx\n")
    (folder / "beside.service").write_text(WEB.format(root=f"{root}-old", canary=CANARY))
    (folder / "masked.service").symlink_to("/dev/null")
    found = processes(root, folder)
    web = found.pop("web")
    assert not found
    assert (web.kind, web.port, web.stop_signal, web.log_driver) == ("gunicorn", True, "SIGQUIT", "file")
    assert web.sources == [str(folder / "shop-web.service")]


def test_names_of_the_environment_are_kept_without_values(root: Path, folder: Path) -> None:
    (folder / "web.service").write_text(WEB.format(root=root, canary=CANARY))
    unit = systemd.units(str(root), (), str(folder))[0]
    assert unit.names == ["DJANGO_SETTINGS_MODULE", "SECRET_KEY", "B"]
    assert CANARY not in repr(
        (unit.names, {name: unit.directives[name] for name in ("KillSignal", "WorkingDirectory")})
    )


def test_units_that_are_named_count_wherever_they_work(root: Path, folder: Path) -> None:
    (folder / "shop-worker@.service").write_text("[Service]\nExecStart=/usr/bin/celery -A shop worker\n")
    (folder / "mail.service").write_text("[Service]\nExecStart=!/opt/mail/bin/mailer\nStandardOutput=journal+console\n")
    found = processes(root, folder, "shop-worker@2", "mail.service")
    told = {name: (one.kind, one.stop_signal, one.log_driver) for name, one in found.items()}
    assert told == {"worker": ("celery", "SIGTERM", ""), "mail": ("mailer", "SIGTERM", "journald")}


def test_drop_ins_are_laid_over_a_unit_in_order(root: Path, folder: Path) -> None:
    (folder / "web.service").write_text(WEB.format(root=root, canary=CANARY))
    extra = folder / "web.service.d"
    extra.mkdir()
    (extra / "20-last.conf").write_text("[Service]\nExecStart=\nExecStart=/usr/bin/uvicorn shop:app\n")
    (extra / "10-first.conf").write_text("[Service]\nExecStart=\nExecStart=/usr/bin/daphne shop\nKillSignal=INT\n")
    (extra / "30-other.txt").write_text("[Service]\nKillSignal=KILL\n")
    web = processes(root, folder)["web"]
    assert (web.kind, web.stop_signal) == ("uvicorn", "SIGINT")


def test_no_folder_is_no_unit(root: Path, folder: Path) -> None:
    assert systemd.units(str(root), ["web"], str(folder / "none")) == []
    os.mkfifo(folder / "web.service")
    assert systemd.units(str(root), ["web"], str(folder)) == []


SHOWN = """\
Id=shop-web.service
ActiveState=active
NRestarts=3
ExecMainStatus=0
ExecMainExitTimestampMonotonic=0

Id=shop-worker@1.service
ActiveState=active
NRestarts=0
ExecMainStatus=137
ExecMainExitTimestampMonotonic=812

Id=shop-worker@2.service
ActiveState=failed
NRestarts=5
ExecMainStatus=1
ExecMainExitTimestampMonotonic=900
"""


def test_states_of_instances_are_added_up() -> None:
    states = systemd_state.read(SHOWN)
    assert {name: (one.replicas, one.restarts, one.exit_codes) for name, one in states.items()} == {
        "shop-web": (1, 3, []),
        "shop-worker": (1, 5, [1, 137]),
    }


def test_systemd_is_asked_only_where_it_runs(tmp_path: Path) -> None:
    program = tmp_path / "systemctl"
    program.write_text(f"#!/bin/sh\necho \"$@\" >{tmp_path}/asked\ncat <<'END'\n{SHOWN}END\n")
    program.chmod(0o755)
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    assert systemd_state.ask(["shop-web"], environ, str(tmp_path / "none")) is None
    assert not (tmp_path / "asked").exists()
    states = systemd_state.ask(["shop-web"], environ, str(tmp_path))
    assert states is not None
    assert states["shop-web"].restarts == 3
    assert (tmp_path / "asked").read_text().split()[-3:] == ["--", "shop-web.service", "shop-web@*.service"]
    program.write_text("#!/bin/sh\nexit 1\n")
    assert systemd_state.ask(["shop-web"], environ, str(tmp_path)) is None


@given(
    st.text("[Service]\nExecStart=Envirom\\#;@-: 'x\"", max_size=200), st.text("Id=.service\nActiveState9", max_size=80)
)
def test_any_unit_and_any_answer_is_read(text: str, shown: str) -> None:
    unit = systemd.Unit("/x/web.service")
    unit.add(text)
    assert [one.name for one in systemd.read([unit], {}).processes] == ["web"]
    assert all(one.replicas >= 0 for one in systemd_state.read(shown).values())


def test_the_time_grows_with_the_length_only() -> None:
    started = time.process_time()
    for piece in ("Environment=A=1 B=2\n", "ExecStart=x\n", "a\\\n", "[Service]\n"):
        systemd.Unit("/x/web.service").add("[Service]\n" + piece * 10_000)
    assert time.process_time() - started < 3
