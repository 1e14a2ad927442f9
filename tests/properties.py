"""How properties are tried: the same examples in every usual run, and many more, others each time, in a long one."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

STEADY, LONG = "steady", "long"
TIMES = {STEADY: 1, LONG: 4}  # as many examples
USUAL = 100

# How fast an example is says only how busy the machine is.
_ANY_PACE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=USUAL)
settings.register_profile(STEADY, _ANY_PACE, derandomize=True, database=None)
settings.register_profile(LONG, _ANY_PACE, max_examples=USUAL * TIMES[LONG], print_blob=True)


def tried(examples: int) -> settings:
    """So many examples of a property; in a long run as many more as of all others."""
    return settings(max_examples=examples * TIMES[settings.get_current_profile_name()])
