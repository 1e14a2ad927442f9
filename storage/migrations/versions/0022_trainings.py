"""Trainings of LoRAs, with their pictures and samples."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    op.create_table(
        "training",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("request_key", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("wishes", sa.JSON(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reason_values", sa.JSON(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("daily", sa.Integer(), nullable=False),
        sa.Column("losses", sa.JSON(), nullable=False),
        sa.Column("consent", sa.JSON(), nullable=True),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("chosen", sa.Integer(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("chat", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("created", time, nullable=False),
        sa.Column("changed", time, nullable=False),
        sa.Column("ended", time, nullable=True),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_training_person_person", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_training"),
        sa.UniqueConstraint("request_key", name="uq_training_request_key"),
    )
    op.create_index("ix_training_person_created", "training", ["person", "created"])
    op.create_index("ix_training_state", "training", ["state"])
    of_training = sa.ForeignKeyConstraint(
        ["training"], ["training.id"], name="fk_training_picture_training_training", ondelete="CASCADE"
    )
    op.create_table(
        "training_picture",
        sa.Column("training", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("caption", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("named", sa.Text(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("prior", sa.Boolean(), server_default=sa.false(), nullable=False),
        of_training,
        sa.PrimaryKeyConstraint("training", "place", name="pk_training_picture"),
    )
    op.create_index("ix_training_picture_hash", "training_picture", ["hash"])
    op.create_table(
        "training_sample",
        sa.Column("training", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("picture", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["training"], ["training.id"], name="fk_training_sample_training_training", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["picture"], ["picture.id"], name="fk_training_sample_picture_picture", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("training", "step", "place", name="pk_training_sample"),
    )
    op.create_index("ix_training_sample_job", "training_sample", ["job"])
    op.create_index("ix_training_sample_picture", "training_sample", ["picture"])
