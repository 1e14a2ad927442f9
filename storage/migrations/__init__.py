"""How an older database becomes one of today, without losing a row."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from prompts.errors import Refusal

# In order; a test compares them with the files. Known here so that an ordinary start need not import alembic (0.2 s).
REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0010")
HEAD = REVISIONS[-1]


def revision(connection: Connection) -> str | None:
    """The revision that a database stands at, None for an empty one. Raises Refusal for one we do not know."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalar(text("SELECT version_num FROM alembic_version"))
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
