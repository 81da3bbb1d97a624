"""Brings up processes of the service quickly: it has imported them already, and forks.

A worker spends three seconds of CPU on imports; two hundred that are killed would spend ten minutes. What runs in the
fork is what the command line would run: the same module with the same arguments, in a process of its own.

Reads a line `MODULE<tab>LOG<tab>ARGUMENT<tab>...` and answers with the process id; ends with its input, and what it
started ends with it.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys

from paritycheck.local.death import die_with_parent


def main() -> None:
    _import()
    ask_to_die = die_with_parent(signal.SIGKILL)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        _reap()
        module, log, *arguments = line.rstrip("\n").split("\t")
        pid = os.fork()
        if pid == 0:
            if ask_to_die is not None:
                ask_to_die()
            _become(module, log, arguments)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def _import() -> None:
    """Everything that is slow, and nothing that opens a connection or starts a thread."""
    import celery.apps.beat
    import celery.apps.worker
    import celery.bin.celery
    import celery.concurrency.prefork
    import celery.concurrency.thread
    import django
    from celery import signals

    from paritycheck.config.celery import app

    django.setup()
    app.loader.import_default_modules()
    app.finalize()
    _ = (celery.apps, signals, app.connection_for_read().transport_cls)


def _reap() -> None:
    """Forget those that ended, so that their ids are free and none is a zombie."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _become(module: str, log: str, arguments: list[str]) -> None:
    """Never returns."""
    os.setsid()
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.argv = [module, *arguments]
    code = 1
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=False)
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:  # noqa: BLE001  a fork that went on would read the commands of its parent
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
