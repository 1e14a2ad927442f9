"""People, jobs, pictures, favourites, messages and facts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TIME = sa.DateTime(timezone=True)


def _text(name: str, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _person(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["person"], ["person.id"], name=f"fk_{table}_person", ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "person",
        _text("id"),
        _text("name"),
        _text("language"),
        sa.Column("created", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
    )
    op.create_table(
        "account",
        _text("platform"),
        _text("account"),
        _text("person"),
        sa.PrimaryKeyConstraint("platform", "account", name="pk_account"),
        _person("account"),
    )
    op.create_index("ix_account_person", "account", ["person"])
    op.create_table(
        "setting",
        _text("person"),
        _text("key"),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("person", "key", name="pk_setting"),
        _person("setting"),
    )
    op.create_table(
        "job",
        _text("id"),
        _text("person"),
        _text("request_key", nullable=True),
        sa.Column("recipes", sa.JSON(), nullable=False),
        _text("sources"),
        _text("lane"),
        _text("state"),
        sa.Column("attempt", sa.Integer(), nullable=False),
        _text("platform"),
        _text("chat"),
        _text("message"),
        _text("language"),
        _text("parent", nullable=True),
        _text("error_key"),
        sa.Column("error_values", sa.JSON(), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
        sa.UniqueConstraint("request_key", name="uq_job_request_key"),
        _person("job"),
    )
    op.create_index("ix_job_parent", "job", ["parent"])
    op.create_index("ix_job_person_created_id", "job", ["person", "created", "id"])
    open_only = sa.column("answered", sa.Boolean()) == sa.false()
    op.create_index("ix_job_unanswered", "job", ["created", "id"], sqlite_where=open_only, postgresql_where=open_only)
    op.create_table(
        "picture",
        _text("id"),
        _text("person"),
        _text("job", nullable=True),
        _text("hash"),
        _text("source_hash", nullable=True),
        sa.Column("recipe", sa.JSON(), nullable=False),
        _text("model"),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        _text("parent", nullable=True),
        sa.Column("favourite", sa.Boolean(), nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_picture"),
        _person("picture"),
        sa.ForeignKeyConstraint(["job"], ["job.id"], name="fk_picture_job", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["parent"], ["picture.id"], name="fk_picture_parent", ondelete="SET NULL"),
    )
    for columns in (["job"], ["hash"], ["source_hash"], ["person", "created", "id"], ["parent", "created", "id"]):
        op.create_index(f"ix_picture_{'_'.join(columns)}", "picture", columns)
    op.create_table(
        "favourite",
        _text("id"),
        _text("person"),
        _text("name"),
        _text("folded"),
        _text("text"),
        _text("words"),
        sa.Column("recipe", sa.JSON(), nullable=True),
        _text("source_hash", nullable=True),
        _text("picture", nullable=True),
        sa.Column("created", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_favourite"),
        _person("favourite"),
        sa.ForeignKeyConstraint(["picture"], ["picture.id"], name="fk_favourite_picture", ondelete="SET NULL"),
    )
    op.create_index("ix_favourite_person_folded", "favourite", ["person", "folded"], unique=True)
    for columns in (["source_hash"], ["picture"], ["person", "created", "id"]):
        op.create_index(f"ix_favourite_{'_'.join(columns)}", "favourite", columns)
    op.create_table(
        "message",
        _text("id"),
        _text("chat"),
        _text("author"),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
    )
    op.create_index("ix_message_chat_position", "message", ["chat", "position"])
    op.create_index("ix_message_chat_changed", "message", ["chat", "changed"])
    op.create_table(
        "fact",
        _text("key"),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_fact"),
    )
    op.create_table(
        "counter",
        _text("name"),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counter"),
    )
