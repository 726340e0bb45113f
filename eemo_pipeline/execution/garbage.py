"""How often Python looks for unreachable cycles of objects."""

import gc

# New objects before a collection; by default 700, and then ten of each generation for the next.
_YOUNG, _MIDDLE, _OLD = 10_000, 20, 20


def collect_seldom() -> None:
    """Collect new objects a fourteenth as often and all a fiftieth, for a process of many rows.

    Rows are dictionaries without cycles, but each collection looks at them and at all that is
    loaded: by default a fifth of the processor time of a run.
    """
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
