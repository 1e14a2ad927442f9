"""The seconds that somebody's maps took on a day, which count to their quota."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "map_seconds",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_map_seconds_person", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person", name="pk_map_seconds"),
    )
