"""People and rooms have dictionaries of their own, and what translators said is remembered."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "word",
        _text("owner"),
        _text("folded"),
        _text("word"),
        _text("english"),
        _text("person"),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner", "folded", name="pk_word"),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_word_person", ondelete="CASCADE"),
    )
    op.create_index("ix_word_person", "word", ["person"])
    op.create_table(
        "translation",
        _text("translator"),
        _text("text"),
        _text("english"),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("translator", "text", name="pk_translation"),
    )
    op.create_index("ix_translation_created", "translation", ["created"])
