"""Pictures can be searched by words, favourites and models; favourites count their use; uploads are remembered."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BATCH = 500


def _words(recipe: dict[str, dict[str, object]]) -> str:
    """The search text as it was made when this migration was written: a migration never follows later code."""
    prompt = recipe["prompt"]
    pieces = [str(prompt["text"])]
    for name in ("fragments", "negatives"):
        fragments = prompt[name]
        assert isinstance(fragments, list)
        pieces += [str(fragment["text"]) for fragment in fragments]
    text = " ".join(unicodedata.normalize("NFKC", " ".join(pieces)).casefold().split())
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def upgrade() -> None:
    op.add_column("favourite", sa.Column("used", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("picture", sa.Column("words", sa.Text(), nullable=False, server_default=sa.text("''")))
    for columns in (["person", "favourite", "created", "id"], ["person", "model", "created", "id"]):
        op.create_index(f"ix_picture_{'_'.join(columns)}", "picture", columns)
    op.create_table(
        "upload",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person", "hash", name="pk_upload"),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_upload_person", ondelete="CASCADE"),
    )
    op.create_index("ix_upload_hash", "upload", ["hash"])

    connection = op.get_bind()
    picture = sa.table("picture", sa.column("id"), sa.column("recipe", sa.JSON()), sa.column("words"))
    last = ""
    while rows := connection.execute(
        sa.select(picture.c.id, picture.c.recipe).where(picture.c.id > last).order_by(picture.c.id).limit(BATCH)
    ).all():
        last = rows[-1].id
        connection.execute(
            picture.update().where(picture.c.id == sa.bindparam("row")).values(words=sa.bindparam("found")),
            [{"row": row.id, "found": _words(row.recipe)} for row in rows],
        )
