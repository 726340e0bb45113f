"""A child in place of `resources/child_models/vision_language.py`; it needs no torch.

    python scripted_child.py PROGRAM FOLDER BATCH MEMORY_GB

The file script.json of the folder has `reply`, the answer to every question, or `lines`, written as
they are instead; `dies_at`, the number of the question at which the process is killed once; and
`sleeps_s`. Every question is noted in asked.jsonl, with the process that was asked.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

folder = Path(sys.argv[2])
script = json.loads((folder / "script.json").read_text("utf-8"))
asked = folder / "asked.jsonl"
for line in sys.stdin:
    question = json.loads(line)
    with asked.open("a", encoding="utf-8") as notes:
        noted = {**question, "images": len(question["images"]), "process": os.getpid()}
        notes.write(json.dumps(noted) + "\n")
    if script.get("dies_at") == len(asked.read_text("utf-8").splitlines()):
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(script.get("sleeps_s", 0))
    for said in script.get("lines", []):
        sys.stdout.write(said + "\n")
    if "reply" in script:
        sys.stdout.write(json.dumps({"id": question["id"], **script["reply"]}) + "\n")
    sys.stdout.flush()
