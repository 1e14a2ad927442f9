"""One picture is one favourite of a person, and the cards that show a picture are found by it."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    # Of several favourites of one picture the one used most stays, else the first.
    op.execute(
        "DELETE FROM favourite WHERE id IN (SELECT id FROM ("
        "SELECT id, row_number() OVER (PARTITION BY person, picture ORDER BY used DESC, created, id) AS place "
        "FROM favourite WHERE picture IS NOT NULL) AS listed WHERE place > 1)"
    )
    op.create_index("ix_favourite_person_picture", "favourite", ["person", "picture"], unique=True)
    op.execute(
        "UPDATE picture SET favourite = true WHERE EXISTS (SELECT 1 FROM favourite "
        "WHERE favourite.picture = picture.id AND favourite.person = picture.person)"
    )
    op.create_index("ix_post_pictures", "post", ["pictures"])
