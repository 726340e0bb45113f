"""Nothing that a machine said of an image reaches a person before their own judgement is stored.

The real server over HTTP, every kind of task, and every address that a person can ask for.
"""

import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
import uvicorn

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import table_path, write_table
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.web import assignment, judging, repeats
from eemo_pipeline.web.adjudication import adjudicate, list_disputed
from eemo_pipeline.web.database import LEASES, TASKS, ReviewDatabase
from eemo_pipeline.web.fields import Adjudication, BlindJudgement
from eemo_pipeline.web.people import Session, add_rater, find_session, log_in
from eemo_pipeline.web.problems import Refused
from eemo_pipeline.web.queue_import import import_queue
from eemo_pipeline.web.request_guard import RequestGuard
from eemo_pipeline.web.server import build_app
from tests.support.reviews import JUDGEMENT, Rater, find_free_port, new_link

EACH = 50
PROBED = "audit with a wrong draft"
KINDS = (*assignment.SERVED, PROBED)
# What the tables hold of every image: a text with this word, and numbers with these digits.
WITHHELD = ("secret", "1.2345", "56789", "98765", "45678", *(f'"{name}"' for name in KINDS))
# What ends a task or a session, or is a judgement.
ENDING = ("/commit", "/skip", "/release", "/logout", "/login", "/img/{image_id}")


def lay_out(path: Path, each: int) -> DataRoot:
    """Write a queue with `each` tasks of every kind; no image is on disk."""
    root = DataRoot(path)
    rows: dict[str, list[dict[str, Any]]] = {
        name: []
        for name in ("dedup__images", "records__regions", "review__drafts", "review__queue")
    }
    for number in range(each * len(KINDS)):
        kind = KINDS[number % len(KINDS)]
        name = {"image_id": f"{number:064x}"}
        of_file = {"source": "secret-source", "path": f"secret-name-{number}.png"}
        rows["dedup__images"].append({**name, **of_file, "width_px": 9, "height_px": 9})
        region = {"region_no": 1, "round": 1, "x1_px": 0, "y1_px": 0, "x2_px": 9, "y2_px": 9}
        made_by = dict.fromkeys(("detector", "segmenter", "model", "method"), "secret-model")
        mask = {"mask_size_px": [1, 45678], "mask_counts": [0, 45678]}
        rows["records__regions"].append({**name, **region, **made_by, **mask})
        for field in ("description", "attribute"):
            draft = {"reviewed_field": field, "draft_json": json.dumps(f"a secret {field}")}
            made_by = {"annotator": "secret-model", "finding": "a secret", "draft_version": "1"}
            rows["review__drafts"].append({**name, **draft, **made_by})
        task: dict[str, Any] = {
            "task_id": f"{number:016x}",
            "queue": "audit" if kind == PROBED else kind,
            "fields": [] if kind == "gold" else ["description", "attribute"],
            "priority": 0.56789,
            "asked_share": 0.45678,
            "machine_emotion": "secret-emotion",
            "machine_valence": -1.2345,
        }
        if kind == "gold":
            task["gold_distribution"] = [0.98765, *[0.0] * (len(MIKELS_8) - 1)]
        if kind == PROBED:
            task |= {"probe_field": "description", "probe_json": '"a secret wrong draft"'}
        rows["review__queue"].append(name | task)
    for table, found in rows.items():
        frame = pl.DataFrame(found, schema=TABLES[table].polars_schema)
        write_table(frame, TABLES[table], table_path(root.tables, TABLES[table]))
    return root


@contextmanager
def serve(root: DataRoot) -> Iterator[tuple[int, dict[str, list[str]]]]:
    """Serve the application of `eemo review serve`; yield its port and its addresses."""
    port = find_free_port()
    with closing(ReviewDatabase(root.review)) as database:
        import_queue(database, root)
        app = build_app(database, root, port)
        config = uvicorn.Config(RequestGuard(app), port=port, log_level="warning")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        try:
            yield port, {path: list(ways) for path, ways in app.openapi()["paths"].items()}
        finally:
            server.should_exit = True
            thread.join()
            app.state.service.views.close()


def ask_for_everything(person: Rater, task_id: str, addresses: dict[str, list[str]]) -> None:
    """Send what the page could send, and more, before the judgement of a task."""
    accept = [{"event_id": str(uuid.uuid4()), "kind": "field_accept", "field": "description"}]
    for path, ways in addresses.items():
        filled = path.replace("{task_id}", task_id).replace(
            "{image_id}", f"{int(task_id, 16):064x}"
        )
        for way in ways:
            if not path.endswith(ENDING) or (path == "/login" and way == "get"):
                body = accept if path.endswith("/events") else {"event_id": str(uuid.uuid4())}
                person.ask(way.upper(), filled, None if way == "get" else body)


def test_acceptance_16_fifty_images_of_every_kind_are_judged_blind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Every queue, wrong drafts, and repeats."""
    monkeypatch.setattr(repeats, "_TASKS_LATER", 10)
    monkeypatch.setattr(repeats, "REPEAT_SHARE", 0.3)
    root = lay_out(tmp_path, EACH)
    served: list[str] = []
    was_revealed = False
    with serve(root) as (port, addresses):
        person = Rater(port).log_in(new_link(root, "ann"))
        while "task_id" in (task := person.next_task()):
            task_id = task["task_id"]
            assert set(task) == {"task_id", "image", "is_committed", "position"}
            refused = person.reveal(task_id)
            assert (refused.status, refused.body["code"]) == (403, "blind_not_committed")
            if len(served) % 60 == 0:
                ask_for_everything(person, task_id, addresses)
            heard = b"\n".join(person.heard).decode("latin-1")
            assert [word for word in WITHHELD if word in heard] == []
            served.append(task_id)
            assert person.commit(task_id).status == 200
            kind = KINDS[int(task_id, 16) % len(KINDS)]
            if not was_revealed and kind != "gold":  # it is there, and would have been found
                was_revealed = True
                found = person.ask("GET", f"/api/tasks/{task_id}/masks")
                assert (found.status, found.body[0]["counts"]) == (200, [0, 45678])
                assert "secret" in person.reveal(task_id).content.decode()
            end = {"event_id": str(uuid.uuid4()), "reason": "other"}
            assert person.ask("POST", f"/api/tasks/{task_id}/skip", end).status == 200
            person.heard.clear()
    assert was_revealed
    with closing(ReviewDatabase(root.review)) as database, database.reading() as connection:
        query = sa.select(TASKS.c.task_id, TASKS.c.queue, TASKS.c.probe_field)
        kinds = {
            row.task_id: PROBED if row.probe_field else row.queue
            for row in connection.execute(query)
        }
    counted = Counter(kinds[task_id] for task_id in served)
    assert set(counted) == {*KINDS, repeats.REPEATS}
    assert min(counted.values()) >= EACH


def enter(database: ReviewDatabase, name: str, role: str = "annotator") -> Session:
    session = find_session(database, log_in(database, add_rater(database, name, role)) or "")
    assert session is not None
    return session


def test_who_was_given_an_image_sees_no_judgement_of_it_as_an_adjudicator(tmp_path: Path):
    """A lease that has ended is no judgement, but the person may still be at work on the image."""
    root = lay_out(tmp_path, 1)
    with closing(ReviewDatabase(root.review)) as database:
        import_queue(database, root)
        late, other = (enter(database, name, "adjudicator") for name in ("late", "other"))
        held = assignment.claim(database, late)
        assert isinstance(held, assignment.Assigned)
        with database.writing() as connection:
            connection.execute(LEASES.update().values(until_ms=0))
            others = TASKS.update().where(TASKS.c.task_id != held.task_id)
            connection.execute(others.values(state="dropped"))
        for number, emotion in enumerate(("awe", "fear", "anger")):
            person = enter(database, emotion)
            task = assignment.claim(database, person)
            assert isinstance(task, assignment.Assigned)
            felt = BlindJudgement.model_validate(JUDGEMENT | {"emotion": emotion})
            judging.commit(database, person, task.task_id, f"{number:016x}", felt)
        assert [one.task_id for one in list_disputed(database, other)] == [held.task_id]
        assert list_disputed(database, late) == []
        plural = Adjudication(choice="plural", cause="legitimately_plural")
        with pytest.raises(Refused, match="own_image"):
            adjudicate(database, late, held.task_id, "f" * 16, plural)
