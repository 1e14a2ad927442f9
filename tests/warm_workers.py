"""Workers that have imported already: `python -m tests.warm_workers SOCKET` imports once what a worker consists of and
forks one for whoever asks. What is forked runs `engine.__main__.main`, with the arguments, the environment and the
pipes of who asked, and dies with them: five seconds of processor time are spared each time.

The command that asks is `command`; it stands for `python -m engine` in stories that are not about a worker's start.
Some of tests/failures and the tests of the engine start workers as they are shipped.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path

from engine import machine
from engine.queue import local_pool

ROOT = Path(__file__).resolve().parent.parent
ASKED = ROOT / "tests" / "warm_asking.py"
SOCKET = "DANQING_TEST_WARM"  # where tests/warm_bot.py is told of the socket
AVAILABLE = hasattr(os, "pidfd_open")


def command(at: str) -> tuple[str, ...]:
    """What to start instead of `python -m engine` with a server at this socket; the usual where there is none."""
    return (sys.executable, "-I", "-S", str(ASKED), at, "engine") if at else local_pool.PROGRAM


@contextlib.contextmanager
def served() -> Iterator[str]:
    """A server's socket, "" where this system has none; the server ends with this block, or with this process."""
    if not AVAILABLE:
        yield ""
        return
    with tempfile.TemporaryDirectory(prefix="danqing-warm-") as folder:
        at = f"{folder}/socket"
        environ = os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
        environ.setdefault("OMP_NUM_THREADS", str(machine.cores()))
        asked = [sys.executable, "-m", __name__, at]
        with subprocess.Popen(asked, cwd=ROOT, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
            assert server.stdout
            server.stdout.readline()  # it listens, and imports meanwhile
            yield at
            assert server.stdin
            server.stdin.close()


def serve(at: str) -> None:
    """Fork workers until standard input closes."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(at)
        listening.listen(64)  # who asks waits here while this imports
        print(flush=True)
        gc.disable()
        import engine.__main__
        import engine.worker.worker  # noqa: F401

        gc.freeze()
        gc.enable()
        with selectors.DefaultSelector() as ready:
            ready.register(listening, selectors.EVENT_READ)
            ready.register(0, selectors.EVENT_READ)
            _loop(ready, listening)


def _loop(ready: selectors.DefaultSelector, listening: socket.socket) -> None:
    while True:
        for key, _ in ready.select():
            if key.fileobj == 0:
                for other in list(ready.get_map().values()):
                    if other.data:
                        _kill(other.data[0])
                return
            if key.fileobj is listening:
                asking, _ = listening.accept()
                pid, ended = _forked(asking, ready)
                ready.register(asking, selectors.EVENT_READ, (pid, asking, ended))
                ready.register(ended, selectors.EVENT_READ, (pid, asking, ended))
                continue
            pid, asking, ended = key.data
            if key.fileobj is asking:  # who asked has gone
                _kill(pid)
            _, status = os.waitpid(pid, 0)
            with contextlib.suppress(OSError):
                asking.sendall(str(os.waitstatus_to_exitcode(status)).encode())
            ready.unregister(asking)
            ready.unregister(ended)
            asking.close()
            os.close(ended)
            break  # what else is ready may be of the same worker


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _forked(asking: socket.socket, ready: selectors.DefaultSelector) -> tuple[int, int]:
    """The process of a new worker, and what becomes readable when it ends."""
    said, pipes, _, _ = socket.recv_fds(asking, 1 << 20, 3)
    while not said.endswith(b"\n"):
        said += asking.recv(1 << 20)
    if pid := os.fork():
        for one in pipes:
            os.close(one)
        return pid, os.pidfd_open(pid)
    status = 1
    try:
        for number, one in enumerate(pipes):
            os.dup2(one, number)
        for key in list(ready.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        asking.close()
        told = json.loads(said)
        os.environ.clear()
        os.environ.update(told["environ"])
        sys.argv = ["engine", *told["arguments"]]
        _work()
        status = 0
    except SystemExit as ended:
        status = int(ended.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _work() -> None:
    import engine.__main__

    engine.__main__.main()


def use(at: str) -> None:
    """Have the pools of this process start workers from the server at this socket."""
    local_pool.PROGRAM = command(at)


if __name__ == "__main__":
    serve(sys.argv[1])
