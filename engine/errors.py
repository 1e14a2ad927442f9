"""The errors of the engine.

prompts.errors.Refusal      the person can do something about it (unknown model, damaged file, too large a size)
EngineError
  TrainingFailed            a training that becomes nothing, whatever is tried
  WireError                 a peer sent something that is no message of engine/wire.py
"""


class EngineError(Exception):
    """Something in the engine failed that no person can mend by asking differently."""


class WireError(EngineError):
    """Bytes that are no message, a message of an unknown type, or one over the size limit."""


class TrainingFailed(EngineError):
    """A training that becomes nothing, whatever is tried; the text says why, for the log, and a text key with its
    values for people."""

    def __init__(self, text: str, key: str = "", **values: str | int | float) -> None:
        super().__init__(text)
        self.key, self.values = key or "train.failed", values if key else {"reason": text}


class BadFile(ValueError):
    """A weights file is cut short, lies about itself, or is no weights file; the text says how, for the log."""


class BadPlan(ValueError):
    """What is no plan of a training; the text says why, for the log and for programs that write plans, and a text key
    with its values for people."""

    def __init__(self, text: str, key: str = "", **values: str | int | float) -> None:
        super().__init__(text)
        self.key, self.values = key or "train.failed", values if key else {"reason": text}
