"""Of a job: whether its answer is to say as little as can be."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("job", sa.Column("quiet", sa.Boolean(), nullable=False, server_default=sa.false()))
