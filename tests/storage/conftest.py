"""An open database for every test: SQLite always, PostgreSQL where DANQING_TEST_POSTGRES holds a server's URL.

To start a server for the tests (Debian: `apt install postgresql`; as root put `runuser -u postgres --` before each):

    bin=/usr/lib/postgresql/15/bin
    $bin/initdb -D /tmp/danqing-pg/base --auth=trust -U danqing
    $bin/pg_ctl -D /tmp/danqing-pg/base -o "-p 54329 -k /tmp/danqing-pg" -l /tmp/danqing-pg/log -w start
    $bin/createdb -h /tmp/danqing-pg -p 54329 -U danqing danqing
    export DANQING_TEST_POSTGRES=postgresql://danqing@127.0.0.1:54329/danqing

or `docker run -e POSTGRES_USER=danqing -e POSTGRES_HOST_AUTH_METHOD=trust -p 54329:5432 postgres`. Each test makes a
database of its own there and drops it; the one in the URL is only connected to.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from storage import people
from storage.database import FILE, Database

POSTGRES = os.environ.get("DANQING_TEST_POSTGRES", "")


def on(name: str) -> str:
    """The URL of a database on the test server."""
    return make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)


async def on_server(command: str) -> None:
    """One command on the test server, outside any transaction."""
    address = make_url(POSTGRES).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(address, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.execute(text(command))
    await engine.dispose()


@dataclass(frozen=True, slots=True)
class Template:
    """Databases with today's tables, made once and copied for every test: a SQLite file, a database on the server."""

    file: Path
    name: str


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    folder = tmp_path_factory.mktemp("template")
    made = Template(folder / FILE, f"danqing_test_template_{secrets.token_hex(6)}")

    async def make() -> None:
        await (await Database.open("", folder)).close()
        if POSTGRES:
            await on_server(f"CREATE DATABASE {made.name}")
            await (await Database.open(on(made.name), folder)).close()

    asyncio.run(make())
    yield made
    if POSTGRES:
        asyncio.run(on_server(f"DROP DATABASE {made.name} WITH (FORCE)"))


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param(
            "postgresql",
            marks=pytest.mark.skipif(not POSTGRES, reason="DANQING_TEST_POSTGRES names no PostgreSQL server"),
        ),
    ]
)
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def url(backend: str) -> AsyncIterator[str]:
    """The URL of an empty database."""
    if backend == "sqlite":
        yield ""
        return
    name = f"danqing_test_{secrets.token_hex(6)}"
    await on_server(f"CREATE DATABASE {name}")
    yield on(name)
    await on_server(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def url_of_db(backend: str, template: Template, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a database with today's tables."""
    if backend == "sqlite":
        shutil.copy(template.file, tmp_path / FILE)
        yield ""
        return
    name = f"danqing_test_{secrets.token_hex(6)}"
    await on_server(f"CREATE DATABASE {name} TEMPLATE {template.name}")
    yield on(name)
    await on_server(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def db(url_of_db: str, tmp_path: Path) -> AsyncIterator[Database]:
    """An open database."""
    database = await Database.open(url_of_db, tmp_path)
    yield database
    await database.close()


@pytest.fixture
async def person(db: Database) -> str:
    """The id of somebody in it."""
    return (await people.person_of(db, "web", "ann", name="Ann", language="zh")).id
