"""What the pictures of a job are compared by."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("job", sa.Column("comparison", sa.JSON(), nullable=True))
