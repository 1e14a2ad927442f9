"""What can go wrong between a person and a picture, in a form that can be said in the person's language.

Refusal             the person can do something about it; carries a text key of bot/texts and its values
"""


class Refusal(Exception):
    """A request that cannot be carried out as it stands; `key` names the sentence that says what to do."""

    def __init__(self, key: str, **values: str | int | float) -> None:
        super().__init__(key, values)
        self.key = key
        self.values = values

    def __str__(self) -> str:
        return f"{self.key} {self.values}" if self.values else self.key
