"""The errors of the engine.

prompts.errors.Refusal      the person can do something about it (unknown model, damaged file, too large a size)
EngineError
  WireError                 a peer sent something that is no message of engine/wire.py
"""


class EngineError(Exception):
    """Something in the engine failed that no person can mend by asking differently."""


class WireError(EngineError):
    """Bytes that are no message, a message of an unknown type, or one over the size limit."""


class BadFile(ValueError):
    """A weights file is cut short, lies about itself, or is no weights file; the text says how, for the log."""
