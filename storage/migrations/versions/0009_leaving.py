"""Who has asked to be forgotten, and which accounts stay blocked once nothing else is known of them."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "leaving",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("chat", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_leaving_person", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person", name="pk_leaving"),
    )
    op.create_table(
        "barred",
        sa.Column("account", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_barred"),
    )
