"""A PostgreSQL server of a test's own, which it may stop and start."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

ROLE = "danqing"


def programs() -> Path | None:
    """The folder with initdb and pg_ctl; None where no server is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name.split(".")[0]))
    if found:
        return found[-1]
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb and shutil.which("pg_ctl") else None


class Postgres:
    """A server on a port of its own, with its files in a folder that `remove` deletes; `url` names its one database."""

    def __init__(self) -> None:
        bin = programs()
        assert bin
        self._bin = bin
        self._folder = Path(tempfile.mkdtemp(prefix="danqing-pg-", dir="/tmp"))  # its socket's path has to be short
        # PostgreSQL refuses to run as root.
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self._as:
            os.chown(self._folder, pwd.getpwnam("postgres").pw_uid, -1)
        with socket.socket() as trial:
            trial.bind(("127.0.0.1", 0))
            self.port = int(trial.getsockname()[1])
        self.url = f"postgresql://{ROLE}@127.0.0.1:{self.port}/postgres"
        self._run("initdb", "-D", "base", "--auth=trust", "-U", ROLE, "-E", "UTF8", "--locale=C", "--no-sync")

    def start(self) -> None:
        options = f"-h 127.0.0.1 -p {self.port} -k {self._folder} -c fsync=off -c max_connections=60"
        self._run("pg_ctl", "-D", "base", "-l", "log", "-s", "-w", "-o", options, "start")

    def stop(self, how: str = "fast") -> None:
        self._run("pg_ctl", "-D", "base", "-m", how, "-s", "-w", "stop")

    def sql(self, command: str) -> None:
        """One command, outside any transaction."""
        self._run("psql", "-q", "-h", "127.0.0.1", "-p", str(self.port), "-U", ROLE, "-d", "postgres", "-c", command)

    def remove(self) -> None:
        subprocess.run(
            [*self._as, self._bin / "pg_ctl", "-D", "base", "-m", "immediate", "-s", "stop"],
            cwd=self._folder,
            check=False,
            capture_output=True,
        )
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        # A server that was started inherits these: files, as pipes would stay open with it.
        with (self._folder / "said.txt").open("ab") as said:
            subprocess.run(
                [*self._as, self._bin / program, *arguments],
                cwd=self._folder,
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )
