"""Whether the pictures of a job are looked at for what was asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("job", sa.Column("check_drawn", sa.Boolean(), server_default=sa.false(), nullable=False))
