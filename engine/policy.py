"""What a picture's file says of itself when it is sent: all of it, the same hidden in its pixels, or nothing."""

from __future__ import annotations

from typing import Literal

Policy = Literal["embed", "stealth", "strip"]
POLICIES: tuple[Policy, ...] = ("embed", "stealth", "strip")  # from the one that tells most


def policy(name: object, usual: Policy = "embed") -> Policy:
    """The policy of that name; the usual one for anything else."""
    return next((one for one in POLICIES if one == name), usual)


def stricter(one: Policy, other: Policy) -> Policy:
    """Of two the one that tells less."""
    return max(one, other, key=POLICIES.index)
