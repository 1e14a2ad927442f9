"""Counts of how often people asked for what is never drawn."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "refused",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_refused_person", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person", name="pk_refused"),
    )
