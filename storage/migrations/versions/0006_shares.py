"""Pictures that their owners share, under codes of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "share",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("picture", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["picture"], ["picture.id"], name="fk_share_picture", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("code", name="pk_share"),
    )
    op.create_index("ix_share_picture", "share", ["picture"], unique=True)
