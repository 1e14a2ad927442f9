"""Tag tables of pictures, and tags that somebody keeps or never wants to see."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "tag_table",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("picture", sa.Text(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_tag_table_person_person", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["picture"], ["picture.id"], name="fk_tag_table_picture_picture", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_tag_table"),
    )
    op.create_index("ix_tag_table_person_picture", "tag_table", ["person", "picture"], unique=True)
    op.create_index("ix_tag_table_picture", "tag_table", ["picture"])
    op.create_table(
        "kept_tag",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_kept_tag_person_person", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person", "kind", "folded", name="pk_kept_tag"),
    )
