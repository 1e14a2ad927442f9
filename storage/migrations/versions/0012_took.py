"""How long a job was drawn, by the clock: on two devices that is less than the device time of its pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("job", sa.Column("took", sa.Double(), nullable=False, server_default=sa.text("0")))
