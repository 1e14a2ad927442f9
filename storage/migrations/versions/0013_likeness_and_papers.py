"""Pictures are known again by their looks; a job remembers what its pictures say of themselves when they are sent."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("picture", sa.Column("likeness", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("job", sa.Column("papers", sa.Text(), nullable=False, server_default=sa.text("'embed'")))
