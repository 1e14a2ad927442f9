"""How an older database becomes one of today, without losing a row."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from prompts.errors import Refusal

# In order; a test compares them with the files. Known here so that an ordinary start need not import alembic (0.2 s).
REVISIONS = tuple(f"{number:04}" for number in range(1, 23))
HEAD = REVISIONS[-1]
TABLE = "alembic_version"  # where a database says its revision


def revision(connection: Connection) -> str | None:
    """The revision that a database stands at, None for an empty one. Raises Refusal for one we do not know."""
    if not inspect(connection).has_table(TABLE):
        return None
    found = connection.scalar(text(f"SELECT version_num FROM {TABLE}"))
    if found is not None and found not in REVISIONS:
        raise Refusal("storage.newer", revision=str(found), known=HEAD)
    return None if found is None else str(found)


def upgrade(connection: Connection, target: str = "head") -> None:
    """Bring the database to `target` inside the connection's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, target)
