"""What buttons may come back to; and what checkers saw in pictures, with what becomes of those."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "wish",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("negative", sa.Text(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("reply_to", sa.Text(), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_wish_person", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_wish"),
    )
    op.create_index("ix_wish_person", "wish", ["person"])
    op.create_index("ix_wish_created", "wish", ["created"])
    op.add_column("picture", sa.Column("adult", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("job", sa.Column("unasked", sa.Text(), server_default=sa.text("'refuse'"), nullable=False))
