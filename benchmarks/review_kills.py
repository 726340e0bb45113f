"""1,000 kills of a process that stores reviews, at random moments: what of it is lost.

A process judges images and reports every event that the database has acknowledged; it is killed
with SIGKILL within 0.12 s. Counted are acknowledged events that the log lacks, tasks that one
person judged twice, and links of the chain that do not hold.
"""

import sys
import tempfile
import time
from pathlib import Path

from benchmarks.review import lay_out
from tests.support.review_kills import kill_at_work

KILLS = 1_000

if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else KILLS
    with tempfile.TemporaryDirectory() as folder:
        root = lay_out(Path(folder))
        began = time.perf_counter()
        found = kill_at_work(root, count, seed=0)
        sys.stdout.write(
            f"{count} kills in {time.perf_counter() - began:.0f} s: "
            f"{found.acknowledged} events acknowledged, {found.lost} lost; "
            f"{found.double} judged twice; chain {'broken' if found.broken else 'verified'}; "
            f"replay {'the same' if found.is_same else 'another'}\n"
        )
