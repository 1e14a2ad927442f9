"""Votes for the pictures of a comparison."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "vote",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("picture", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["job"], ["job.id"], name="fk_vote_job", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_vote_person", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["picture"], ["picture.id"], name="fk_vote_picture", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job", "person", name="pk_vote"),
    )
    op.create_index("ix_vote_person", "vote", ["person"])
    op.create_index("ix_vote_picture", "vote", ["picture"])
