"""Of a job: the device time it took, for the quotas of a day, and whether its pictures are shown veiled."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("job", sa.Column("seconds", sa.Double(), nullable=False, server_default=sa.text("0")))
    op.add_column("job", sa.Column("spoiler", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(
        "UPDATE job SET seconds = coalesce((SELECT sum(picture.seconds) FROM picture WHERE picture.job = job.id), 0)"
    )
