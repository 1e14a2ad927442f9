"""What of the files that a picture names could not be used: layers of a LoRA that do not fit."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("picture", sa.Column("notes", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
