"""Programs that start another one: the options they take, so that the other one is found behind them.

What stands behind an option that is not known here may be that option's value, and a value is never told: then only
programs of `program_kinds` are recognised.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

AFTER_DASHES = -1


class Wrapper:
    """`words`: subcommands, one of which must stand first. `valued`: options that take the next word. `skipped`:
    positional words before the program; AFTER_DASHES where the program stands after `--` only.
    """

    __slots__ = ("flags", "skipped", "valued", "words")

    def __init__(self, valued: str = "", flags: str = "", *, words: str = "", skipped: int = 0) -> None:
        self.valued = frozenset(valued.split())
        self.flags = frozenset(flags.split())
        self.words = words.split()
        self.skipped = skipped

    def inner(self, arguments: Sequence[str]) -> tuple[list[str], bool] | None:
        """The command that is started, and whether that is certain; None where none is."""
        rest = list(arguments)
        if self.skipped == AFTER_DASHES:
            return (rest[rest.index("--") + 1 :], True) if "--" in rest else None
        certain = True
        if self.words:
            rest, certain = self._without_options(rest)
            if not rest or rest[0] not in self.words:
                return None
            del rest[0]
        rest, sure = self._without_options(rest)
        return rest[self.skipped :], certain and sure

    def _without_options(self, rest: list[str]) -> tuple[list[str], bool]:
        at, certain = 0, True
        while at < len(rest) and rest[at].startswith("-") and rest[at] != "-":
            option = rest[at]
            at += 2 if option in self.valued else 1
            if option == "--":
                break
            certain = certain and (option in self.valued or option in self.flags or "=" in option)
        return rest[at:], certain


_DASHES = Wrapper(skipped=AFTER_DASHES)
_UV = (
    "--directory --project --config-file --cache-dir --color --allow-insecure-host --extra --no-extra --group "
    "--no-group --only-group --env-file --with --with-editable --with-requirements --package --python-platform --index "
    "--default-index -i --index-url --extra-index-url -f --find-links -P --upgrade-package --reinstall-package "
    "--index-strategy --keyring-provider --resolution --prerelease --fork-strategy -C --config-setting --exclude-newer "
    "--link-mode --refresh-package -p --python --no-build-package --no-binary-package --no-build-isolation-package"
)
_UV_FLAGS = (
    "--all-extras --no-dev --only-dev --all-groups --no-default-groups --no-editable --inexact --exact --no-env-file "
    "--isolated --active --no-sync --locked --frozen --all-packages --offline -q --quiet -v --verbose -n --no-cache "
    "--no-config --no-project --no-progress --dev -s --script --no-python-downloads --managed-python -U --upgrade"
)
WRAPPERS = {
    "exec": Wrapper("-a", "-c -l"),
    "command": Wrapper("", "-p"),
    "builtin": Wrapper(),
    "nohup": Wrapper(),
    "time": Wrapper("-f -o", "-p -v -a"),
    "setsid": Wrapper("", "-c -f -w --wait --fork --ctty"),
    "nice": Wrapper("-n"),
    "ionice": Wrapper("-c -n", "-t"),
    "chrt": Wrapper("", "-o -f -r -b -i", skipped=1),
    "taskset": Wrapper("", "-c", skipped=1),
    "stdbuf": Wrapper("-i -o -e", "-oL -eL -o0 -e0 -i0"),
    "timeout": Wrapper("-k -s", "--foreground --preserve-status -v", skipped=1),
    "env": Wrapper("-u -C", "-i -0 --ignore-environment"),
    "sudo": Wrapper("-u -g -h -p -C -D -R -T -U", "-E -H -n -i -s"),
    "doas": Wrapper("-u -C", "-n"),
    "su-exec": Wrapper(skipped=1),
    "gosu": Wrapper(skipped=1),
    "setuidgid": Wrapper(skipped=1),
    "s6-setuidgid": Wrapper(skipped=1),
    "chpst": Wrapper("-u -U -b -e -/ -n -l -L -m -d -o -p -f -c -r -t -C", "-P -v -0 -1 -2"),
    "setpriv": Wrapper(
        "--reuid --regid --groups --inh-caps --bounding-set", "--init-groups --clear-groups --no-new-privs"
    ),
    "runuser": Wrapper("-u -g -G", "-p -m"),
    "with-contenv": Wrapper(),
    # Helpers of buildpacks, which take the command after their own name.
    "start-nginx": Wrapper(), "start-nginx-solo": Wrapper(), "start-nginx-debug": Wrapper(), "start-stunnel": Wrapper(),
    "start-pgbouncer": Wrapper(), "start-pgbouncer-stunnel": Wrapper(), "qgtunnel": Wrapper(), "jemalloc.sh": Wrapper(),
    "tini": Wrapper("-p -e", "-s -g -v -vv -vvv -w"),
    "tini-static": Wrapper("-p -e", "-s -g -v -vv -vvv -w"),
    "docker-init": Wrapper("-p -e", "-s -g -v -vv -vvv -w"),
    "dumb-init": Wrapper("-r --rewrite", "-c --single-child -v --verbose"),
    "catatonit": Wrapper("", "-g -P"),
    "newrelic-admin": Wrapper(words="run-program run-python"),
    "ddtrace-run": Wrapper("", "-d --debug -i --info -p --profiling"),
    "opentelemetry-instrument": Wrapper(
        "--traces_exporter --metrics_exporter --logs_exporter --service_name --exporter_otlp_endpoint"
    ),
    "sentry-run": Wrapper(),
    "xvfb-run": Wrapper("-n -s -e -f -p -w", "-a -l"),
    "wait-for-it": _DASHES, "wait-for-it.sh": _DASHES, "wait-for": _DASHES, "wait-for.sh": _DASHES,
    "wait4x": _DASHES, "wait-on": _DASHES, "doppler": _DASHES, "infisical": _DASHES, "op": _DASHES, "chamber": _DASHES,
    "aws-vault": _DASHES, "dotenvx": _DASHES, "teller": _DASHES, "envconsul": _DASHES,
    "watchmedo": _DASHES, "watchexec": _DASHES, "summon": _DASHES,
    "dockerize": Wrapper(
        "-wait -timeout -template -stdout -stderr -wait-retry-interval -wait-http-header -env -env-section -delims"
    ),
    "uv": Wrapper(_UV, _UV_FLAGS, words="run"),
    "poetry": Wrapper("-C --directory -P --project", "-q -v -vv -vvv -n --no-interaction --no-ansi", words="run"),
    "pipenv": Wrapper("--python --pypi-mirror", "-q -v --verbose --quiet", words="run"),
    "pdm": Wrapper("-p --project -c --config", "-q -v -s --site-packages", words="run"),
    "rye": Wrapper("-f --pyproject", words="run"),
    "pixi": Wrapper("--manifest-path -e --environment", "--frozen --locked", words="run"),
    "hatch": Wrapper("-e --env -p --project", words="run"),
    "conda": Wrapper("-n --name -p --prefix --cwd", "-v --no-capture-output --live-stream", words="run"),
    "micromamba": Wrapper("-n --name -p --prefix --cwd -a --attach", words="run"),
    "mamba": Wrapper("-n --name -p --prefix --cwd", "--no-capture-output --live-stream", words="run"),
    "bundle": Wrapper("--gemfile", "--keep-file-descriptors", words="exec e"),
    "npx": Wrapper("-p --package -w --workspace", "-y --yes --no -q --quiet --no-install"),
    "bunx": Wrapper("-p --package", "--bun"),
    "pnpx": Wrapper("-p --package"),
    "honeybadger": Wrapper(words="exec"),
    "dotenv": Wrapper("-f --file -e --export -q --quote", "--override --no-override", words="run"),
    "coverage": Wrapper("--rcfile --source --omit --include --context --data-file", "-a -p --branch", words="run"),
}  # fmt: skip
