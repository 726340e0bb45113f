"""Kills at random moments of what stores reviews: what of it is lost.

`python benchmarks/review_kills.py 1000` kills a process that judges images and reports every event
that the database has acknowledged, with SIGKILL within 0.12 s. `... 100 server` kills the server
itself, `eemo review serve`, under the requests of eight people at once; each kill needs a new start
of it, which takes seconds.

Counted are acknowledged events that the log lacks, tasks that one person judged twice, and links of
the chain that do not hold.
"""

import sys
import tempfile
import time
from pathlib import Path

from benchmarks.review import lay_out
from tests.support.review_kills import kill_at_work, kill_server_at_work
from tests.support.reviews import make_review_root

KILLS = 1_000
_IMAGES, _PEOPLE = 2_000, 8

if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else KILLS
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        if sys.argv[2:] == ["server"]:
            root = make_review_root(Path(folder), _IMAGES)
            found = kill_server_at_work(root, count, seed=0, people=_PEOPLE)
        else:
            found = kill_at_work(lay_out(Path(folder)), count, seed=0)
        sys.stdout.write(
            f"{count} kills in {time.perf_counter() - began:.0f} s: "
            f"{found.acknowledged} events acknowledged, {found.lost} lost; "
            f"{found.double} judged twice; chain {'broken' if found.broken else 'verified'}; "
            f"replay {'the same' if found.is_same else 'another'}\n"
        )
