"""Every file that a kept recipe is drawn from stays as long as it: pictures drawn over, masks, maps of controls."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

AT_ONCE = 500  # rows read and written together


def upgrade() -> None:
    for kind in ("picture", "favourite"):
        table = f"{kind}_file"
        op.create_table(
            table,
            sa.Column(kind, sa.Text(), nullable=False),
            sa.Column("hash", sa.Text(), nullable=False),
            sa.ForeignKeyConstraint([kind], [f"{kind}.id"], name=f"fk_{table}_{kind}", ondelete="CASCADE"),
            sa.PrimaryKeyConstraint(kind, "hash", name=f"pk_{table}"),
        )
        op.create_index(f"ix_{table}_hash", table, ["hash"])
        _fill(kind)
        op.drop_index(f"ix_{kind}_source_hash", kind)
        op.drop_column(kind, "source_hash")


def _fill(kind: str) -> None:
    connection = op.get_bind()
    old = sa.table(kind, sa.column("id"), sa.column("source_hash"), sa.column("recipe", sa.JSON()))
    new = sa.table(f"{kind}_file", sa.column(kind), sa.column("hash"))
    last = ""
    while True:
        query = sa.select(old).where(old.c.id > last).order_by(old.c.id).limit(AT_ONCE)
        rows = connection.execute(query).all()
        if not rows:
            return
        last = rows[-1].id
        made = [{kind: row.id, "hash": file} for row in rows for file in _files(row.source_hash, row.recipe)]
        if made:
            connection.execute(new.insert(), made)


def _files(source: str | None, recipe: Any) -> set[str]:
    if isinstance(recipe, str):
        recipe = json.loads(recipe)
    over = (recipe or {}).get("source") or {}
    return {file for file in (source, over.get("picture"), over.get("mask")) if file}
