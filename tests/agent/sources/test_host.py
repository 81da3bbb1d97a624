"""Operating system, C library, timezone and locale, by the files of several systems."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from paritycheck_agent.sources import host

if TYPE_CHECKING:
    from pathlib import Path


def _place(root: Path, files: dict[str, str]) -> str:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return str(root)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"etc/os-release": "ID=alpine\nVERSION_ID=3.20.1\n"}, ("alpine", "3.20.1")),
        ({"etc/os-release": 'PRETTY_NAME="Ubuntu 24.04"\nID=ubuntu\nVERSION_ID="24.04"\n'}, ("ubuntu", "24.04")),
        ({"etc/os-release": "ID=arch\n"}, ("arch", "")),
        ({"usr/lib/os-release": "ID='debian'\nVERSION_ID='12'\n"}, ("debian", "12")),
        (
            {"System/Library/CoreServices/SystemVersion.plist": (
                "<plist><dict>\n<key>ProductName</key>\n<string>macOS</string>\n"
                "<key>ProductVersion</key>\n<string>15.1</string></dict></plist>"
            )},
            ("macos", "15.1"),
        ),
        ({"x": ""}, ("", "")),
    ],
)  # fmt: skip
def test_the_operating_system_of_its_files(tmp_path: Path, files: dict[str, str], expected: tuple[str, str]) -> None:
    assert host.operating_system(_place(tmp_path, files)) == expected


def test_musl_is_told_with_the_version_of_alpine_s_database(tmp_path: Path) -> None:
    database = "C:Q1x=\nP:busybox\nV:1.36.1-r29\n\nC:Q1y=\nP:musl\nV:1.2.5-r0\nA:x86_64\n\n"
    base = _place(tmp_path, {"lib/ld-musl-x86_64.so.1": "", "lib/apk/db/installed": database})
    assert host.c_library(base) == ("musl", "1.2.5")
    (tmp_path / "lib/apk/db/installed").unlink()
    assert host.c_library(base) == ("musl", "")


def test_the_timezone_is_tz_else_the_link_else_the_file_else_utc(tmp_path: Path) -> None:
    base = _place(tmp_path, {"etc/hostname": ""})
    assert host.timezone({}, base) == "UTC"
    (tmp_path / "etc/timezone").write_text("Europe/Berlin\n")
    assert host.timezone({}, base) == "Europe/Berlin"
    (tmp_path / "etc/localtime").symlink_to("/usr/share/zoneinfo/Etc/UTC")
    assert host.timezone({}, base) == "UTC"
    for written, expected in (
        (":Asia/Tokyo", "Asia/Tokyo"),
        ("/usr/share/zoneinfo/Zulu", "UTC"),
        ("CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0"),
    ):
        assert host.timezone({"TZ": written}, base) == expected
    assert host.timezone({"TZ": "c4n4ry secret"}, base) == ""


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "C"), ({"LANG": "POSIX"}, "C"), ({"LANG": "de_DE.utf8"}, "de_DE.UTF-8"), ({"LANG": "C.UTF-8"}, "C.UTF-8"),
        ({"LANG": "x", "LC_ALL": "en_US.UTF-8", "LC_CTYPE": "y"}, "en_US.UTF-8"), ({"LC_CTYPE": "UTF-8"}, "UTF-8"),
        ({"LANG": "a secret"}, ""),
    ],
)  # fmt: skip
def test_the_locale_is_spelled_one_way(environ: dict[str, str], expected: str) -> None:
    assert host.locale(environ) == expected
