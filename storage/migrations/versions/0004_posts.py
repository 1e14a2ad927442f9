"""Cards on chat platforms, rules of servers and chats, and model files as they were identified."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "post",
        _text("platform"),
        _text("key"),
        _text("chat"),
        _text("message"),
        _text("job"),
        _text("pictures"),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("platform", "key", name="pk_post"),
    )
    op.create_index("ix_post_platform_chat_message", "post", ["platform", "chat", "message"])
    op.create_table(
        "rule",
        _text("scope"),
        _text("key"),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", name="pk_rule"),
    )
    op.create_table(
        "known_file",
        _text("path"),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("modified", sa.BigInteger(), nullable=False),
        sa.Column("identity", sa.JSON(), nullable=False),
        _text("hash"),
        sa.PrimaryKeyConstraint("path", name="pk_known_file"),
    )
