"""Maps that were made of pictures for nets, so that none is made twice."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "kept_map",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "how", name="pk_kept_map"),
    )
    op.create_index("ix_kept_map_hash", "kept_map", ["hash"])
    op.create_index("ix_kept_map_created", "kept_map", ["created"])
