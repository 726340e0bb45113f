"""The running review server over HTTP: who gets in, what it tells, and what a crash loses."""

import json
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import scan_table
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.review.records import build_review_records
from eemo_pipeline.web import event_log
from eemo_pipeline.web.administration import list_waiting
from eemo_pipeline.web.assignment import SERVED
from eemo_pipeline.web.database import DRAFTS, ReviewDatabase
from eemo_pipeline.web.fields import DRAFTED_FIELDS
from eemo_pipeline.web.votes import Votes, read_votes
from tests.support.commands import call_eemo
from tests.support.review_kills import kill_server_at_work
from tests.support.reviews import (
    CAPTION,
    FILE_NAME,
    FINDING,
    JUDGEMENT,
    Answer,
    Rater,
    Server,
    make_review_root,
    new_link,
    serve_reviews,
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> DataRoot:
    return make_review_root(tmp_path_factory.mktemp("served"), 60)


@pytest.fixture(scope="module")
def server(root: DataRoot) -> Iterator[Server]:
    with serve_reviews(root) as running:
        yield running


def rater(root: DataRoot, server: Server, name: str, role: str = "annotator") -> Rater:
    return Rater(server.port).log_in(new_link(root, name, role))


def read(root: DataRoot) -> Votes:
    with closing(ReviewDatabase(root.review)) as database, database.reading() as connection:
        return read_votes(connection)


def test_acceptance_14_strangers_get_nothing(root: DataRoot, server: Server):
    ann = rater(root, server, "ann")
    before = read(root).last_event
    stranger = Rater(server.port)
    assert stranger.ask("GET", "/healthz").status == 200
    assert stranger.ask("GET", "/api/me").status == 401
    assert stranger.ask("GET", f"/img/{'0' * 64}").status == 401
    assert stranger.ask("GET", "/").headers["location"] == "/login"
    assert stranger.ask("POST", "/api/next", {}).status == 401
    assert ann.ask("GET", "/healthz", headers={"Host": "evil.test"}).status == 421
    foreign = {"Origin": "http://127.0.0.1:1"}
    assert ann.ask("POST", "/api/next", {}, foreign).status == 403
    own = {"Origin": f"http://127.0.0.1:{server.port}"}
    assert ann.ask("POST", "/api/next", {}, own | {"X-CSRF-Token": "x"}).status == 403
    assert ann.ask("POST", "/api/next", {}, {"Content-Type": "text/plain"}).status == 415
    assert ann.ask("POST", "/api/next", {"have": ["x" * 300_000]}).status == 413
    for path in ("/img/../../etc/passwd", "/static/../server.py", "/static/%2e%2e/server.py"):
        assert ann.ask("GET", path).status == 404
    assert read(root).last_event == before


def test_every_reply_lets_a_browser_run_our_own_scripts_only(server: Server):
    headers = Rater(server.port).ask("GET", "/login").headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_wrong_links_are_slowed_down(root: DataRoot):
    with serve_reviews(root) as running:
        stranger = Rater(running.port)
        answers = [stranger.ask("POST", "/login", {"token": "x"}).status for _ in range(7)]
    assert answers == [401] * 5 + [429] * 2


def test_a_viewer_does_not_judge(root: DataRoot, server: Server):
    viewer = rater(root, server, "viewer", "viewer")
    answer = viewer.ask("POST", "/api/next", {})
    assert (answer.status, answer.body["code"]) == (403, "not_allowed")
    assert answer.headers["content-type"] == "application/problem+json"


def test_nothing_that_a_machine_said_is_heard_before_the_own_judgement(
    root: DataRoot, server: Server
):
    """The image itself, too; `test_blindness.py` asks about fifty of every kind without images."""
    blind = rater(root, server, "blind")
    secrets = [CAPTION, FINDING, FILE_NAME, "secret", "CAP_SECRET", "gold_"]
    secrets += [f'"{name}"' for name in SERVED]
    tasks = set()
    for _ in range(5):
        task = blind.next_task()
        tasks.add(task["task_id"])
        assert blind.ask("GET", task["image"]["url"]).status == 200
        assert blind.ask("GET", "/label").status == 200
        assert blind.ask("GET", "/").status == 200
        heard = b"\n".join(blind.heard).decode("latin-1")
        assert [word for word in secrets if word in heard] == []
        assert set(task) == {"task_id", "image", "is_committed", "position"}
        # What follows is after the judgement, and may be heard.
        blind.finish(task["task_id"])
        blind.heard.clear()
    assert len(tasks) == 5


def test_the_drafts_come_after_the_judgement_and_are_text(root: DataRoot, server: Server):
    ann = rater(root, server, "after")
    task = ann.next_task()
    assert ann.reveal(task["task_id"]).body["code"] == "blind_not_committed"
    ann.commit(task["task_id"])
    revealed = ann.reveal(task["task_id"]).body
    assert CAPTION in json.dumps(revealed["drafts"])
    order = [DRAFTED_FIELDS.index(draft["field"]) for draft in revealed["drafts"]]
    assert order == sorted(order)
    assert revealed["machine_emotion"] in MIKELS_8
    missing = ann.submit(task["task_id"])
    assert missing.status == 422
    assert set(missing.body["fields"]) >= {draft["field"] for draft in revealed["drafts"]}


def test_the_rest_is_accepted_only_where_the_server_knows_that_it_was_seen(
    root: DataRoot, server: Server
):
    ann = rater(root, server, "rest")
    while True:
        task_id = ann.next_task()["task_id"]
        ann.commit(task_id)
        accept = {"kind": "field_accept", "field": "description", "seen_ms": 1_000}
        unshown = ann.say(task_id, accept)
        assert (unshown.status, unshown.body["code"]) == (403, "drafts_not_shown")
        drafts = [draft["field"] for draft in ann.reveal(task_id).body["drafts"]]
        if len(drafts) > 1 and "description" in drafts:
            break
        ann.accept_drafts(task_id)
    rest = [accept | {"field": field} for field in drafts]
    unseen = [event | {"seen_ms": 299 if place else 300} for place, event in enumerate(rest)]
    before = read(root).last_event
    for said in (unseen, [accept | {"seen_ms": None, "is_rest": True}]):
        refused = ann.say(task_id, *said)
        assert (refused.status, refused.body["code"]) == (422, "not_seen")
        assert refused.body["fields"] == sorted(
            one["field"] for one in said if one["seen_ms"] != 300
        )
    assert read(root).last_event == before
    assert ann.say(task_id, *rest).status == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"emotion": "joy"},
        {"emotion": 3},
        {"valence": 5},
        {"valence": 0.5},
        {"arousal": None},
        {"also": {"contentment": 1}},
        {"also": {"fear": 4}},
        {"sureness": "very"},
        {"extra": 1},
    ],
)
def test_a_judgement_outside_the_scales_is_refused(
    root: DataRoot, server: Server, changes: dict[str, object]
):
    ann = rater(root, server, f"scales {changes}")
    task = ann.next_task()
    assert ann.commit(task["task_id"], **changes).status == 422
    assert ann.commit(task["task_id"]).status == 200


def test_a_wrong_event_is_explained_and_not_repeated(root: DataRoot, server: Server):
    ann = rater(root, server, "events")
    task = ann.next_task()
    ann.commit(task["task_id"])
    evil = "<script>alert(1)</script>"
    answer = ann.say(task["task_id"], {"kind": "field_reject", "field": "box", "value": evil})
    assert answer.status == 422
    assert b"script" not in answer.content
    assert "a refusal of box takes one of" in answer.body["detail"]
    boxes = [{"x1_px": 5, "y1_px": 5, "x2_px": 5, "y2_px": 9}]
    answer = ann.say(task["task_id"], {"kind": "field_edit", "field": "box", "value": boxes})
    assert "no area" in answer.body["detail"]


def test_an_image_is_sent_as_a_new_jpeg_without_the_file(root: DataRoot, server: Server):
    ann = rater(root, server, "images")
    task = ann.next_task()
    answer = ann.ask("GET", task["image"]["url"])
    assert answer.content[:3] == b"\xff\xd8\xff"
    assert answer.headers["content-type"] == "image/jpeg"
    assert "immutable" in answer.headers["cache-control"]
    assert ann.ask("GET", f"/img/{'0' * 64}").status == 404


def test_acceptance_22_an_image_that_is_gone_leaves_all_queues(tmp_path: Path):
    root = make_review_root(tmp_path / "gone", 4)
    with serve_reviews(root) as running:
        ann = rater(root, running, "ann")
        task = ann.next_task()
        image_id = task["image"]["url"].rpartition("/")[2]
        images = scan_table(root.tables, "dedup__images").collect()
        path = images.filter(image_id=image_id)["path"].item()
        (root.sources / "folder" / path).unlink()
        answer = ann.ask("GET", task["image"]["url"])
        assert (answer.status, answer.body["code"]) == (410, "image_missing")
        with closing(ReviewDatabase(root.review)) as database:
            (waiting,) = list_waiting(database)
        assert waiting["task_id"] == task["task_id"]
        assert waiting["reasons"][0][0] in answer.body["detail"]
        ben = rater(root, running, "ben")
        seen = set()
        while "task_id" in (found := ben.next_task()):
            seen.add(found["task_id"])
            ben.finish(found["task_id"])
        assert len(seen) == 3
        assert found["reason"] == "all_yours" or found["detail"]


class Impatient(Rater):
    """A person who ends every task twice at once."""

    def submit(self, task_id: str) -> Answer:
        path, body = f"/api/tasks/{task_id}/submit", {"event_id": str(uuid.uuid4())}
        with ThreadPoolExecutor(2) as both:
            answers = list(both.map(lambda _: self.ask("POST", path, body), range(2)))
        assert [answer.status for answer in answers] == [200, 200]
        assert answers[0].body == answers[1].body
        return answers[0]


def test_acceptance_21_twenty_five_at_once_share_the_places_and_end_each_task_once(tmp_path: Path):
    """Nobody judges twice, no task is judged by more than were asked for."""
    root = make_review_root(tmp_path / "many", 12)
    with serve_reviews(root) as running:
        links = [new_link(root, f"rater {number}") for number in range(25)]
        people = [Impatient(running.port).log_in(link) for link in links]

        def work(one: Rater) -> None:
            while "task_id" in (task := one.next_task()):
                one.finish(task["task_id"])

        with ThreadPoolExecutor(25) as pool:
            list(pool.map(work, people))
    votes = read(root).rows
    judged = Counter(row["task_id"] for row in votes if row["reviewed_field"] == "valence")
    assert set(judged.values()) == {3}
    assert len(judged) == 12
    assert all(row["is_counted"] for row in votes)
    with closing(ReviewDatabase(root.review)) as database, database.reading() as connection:
        ended = Counter(
            (event["task_id"], event["rater_id"])
            for event in event_log.read_events(connection)
            if event["kind"] == "submit"
        )
    assert set(ended.values()) == {1}
    assert len(ended) == 36


def test_acceptance_22_a_draft_replaced_meanwhile_is_shown_again_and_the_judgement_stays(
    root: DataRoot, server: Server
):
    """409 for this field alone."""
    ann = rater(root, server, "stale")
    queue = scan_table(root.tables, "review__queue").collect()
    wrong_on_purpose = set(queue.drop_nulls("probe_field")["task_id"])
    while True:
        task = ann.next_task()
        assert ann.commit(task["task_id"]).status == 200
        drafts = {draft["field"]: draft for draft in ann.reveal(task["task_id"]).body["drafts"]}
        if {"description"} < drafts.keys() and task["task_id"] not in wrong_on_purpose:
            break
        ann.accept_drafts(task["task_id"])
    image_id = task["image"]["url"].rpartition("/")[2]
    with closing(ReviewDatabase(root.review)) as database, database.writing() as connection:
        of_field = DRAFTS.update().where(
            DRAFTS.c.image_id == image_id, DRAFTS.c.field == "description"
        )
        connection.execute(of_field.values(version="2", value='"a newer one"'))

    def accept(name: str) -> Answer:
        version = drafts[name]["version"]
        event = {"kind": "field_accept", "field": name, "draft_version": version}
        return ann.say(task["task_id"], event)

    stale = accept("description")
    assert (stale.status, stale.body["code"]) == (409, "stale_proposal")
    assert stale.body["draft"]["value"] == "a newer one"
    others = [name for name in drafts if name != "description"]
    assert [accept(name).status for name in others] == [200] * len(others)
    drafts["description"] = stale.body["draft"]
    assert accept("description").status == 200
    felt = [row for row in read(root).rows if row["image_id"] == image_id]
    assert {row["said_json"] for row in felt if row["reviewed_field"] == "emotion"} >= {
        '"contentment"'
    }


def test_acceptance_13_a_link_works_once_and_only_this_machine_is_listened_to(
    root: DataRoot, server: Server
):
    token = new_link(root, "once")
    Rater(server.port).log_in(token)
    again = Rater(server.port).ask("POST", "/login", {"token": token})
    assert (again.status, again.body["code"]) == (401, "link_used")
    listening = [
        line.split()[1].partition(":")[0]
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{server.port:04X}") and line.split()[3] == "0A"
    ]
    assert listening == ["0100007F"], "127.0.0.1 alone"


def test_the_same_events_from_twenty_posts_are_stored_once(root: DataRoot, server: Server):
    ann = rater(root, server, "double")
    task = ann.next_task()
    body = {"event_id": str(uuid.uuid4()), "judgement": JUDGEMENT}
    path = f"/api/tasks/{task['task_id']}/commit"
    before = read(root).last_event
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: ann.ask("POST", path, body).body, range(20)))
    assert {answer["seq"] for answer in answers} == {answers[0]["seq"]}
    assert read(root).last_event == before + 1


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path):
    """Four people at once over HTTP; what had no answer is sent again, and stored once."""
    found = kill_server_at_work(make_review_root(tmp_path / "killed", 40), 3, seed=2)
    assert found.acknowledged >= 12
    assert (found.lost, found.double, found.broken, found.is_same) == (0, 0, None, True)


def test_probes_never_become_votes(root: DataRoot, server: Server):
    """Drafts that are wrong on purpose are answered like others, and come apart."""
    queue = scan_table(root.tables, "review__queue").collect()
    wrong = queue.drop_nulls("probe_field")
    assert wrong.height > 0
    careful = rater(root, server, "careful")
    while "task_id" in (task := careful.next_task()):
        careful.finish(task["task_id"])
    said = read(root)
    probed = {tuple(row) for row in wrong.select("task_id", "probe_field").iter_rows()}
    votes = {
        (row["task_id"], row["reviewed_field"]) for row in said.rows if row["phase"] == "drafts"
    }
    assert votes & probed == set()
    assert {(row["task_id"], row["reviewed_field"]) for row in said.probes} <= probed
    assert said.probes


def test_an_adjudicator_decides_where_people_differ_without_names(tmp_path: Path):
    root = make_review_root(tmp_path / "plural", 2)
    with serve_reviews(root) as running:
        tasks = set()
        people = [rater(root, running, f"rater {number}") for number in range(3)]
        for one, emotion in zip(people, ("awe", "fear", "anger"), strict=True):
            while "task_id" in (task := one.next_task()):
                one.finish(task["task_id"], emotion=emotion)
                tasks.add(task["task_id"])
        assert people[0].ask("GET", "/adjudicate").status == 403
        judge = rater(root, running, "judge", "adjudicator")
        page = judge.ask("GET", "/adjudicate").content.decode()
        assert "2 to adjudicate" in page
        assert all(emotion in page for emotion in ("awe", "fear", "anger"))
        assert [name for name in ("rater 0", "rater 1", "rater 2") if name in page] == []
        first, second = sorted(tasks)

        def decide(task_id: str, **decided: str) -> int:
            said = {"cause": "legitimately_plural", **decided}
            body = {"event_id": str(uuid.uuid4()), "decided": said}
            return judge.ask("POST", f"/api/tasks/{task_id}/adjudicate", body).status

        assert decide(first, choice="plural") == 200
        assert decide(second, choice="joy") == 422
        assert decide(second, choice="sadness") == 422  # nobody's, and no note
        assert decide(second, choice="sadness", note="a funeral") == 200
        assert "Nothing to adjudicate" in judge.ask("GET", "/adjudicate").content.decode()
    assert call_eemo("review", "replay", "--data", root.path).returncode == 0
    votes = pl.DataFrame(read(root).rows, schema=TABLES["review__votes"].polars_schema)
    outcomes = {
        row["emotion"]: (row["outcome"], row["distribution"])
        for row in build_review_records(votes).iter_rows(named=True)
    }
    assert outcomes["sadness"][0] == "adjudicated"
    assert outcomes[None][0] == "kept_plural"
    assert sorted(outcomes[None][1])[-3:] == [1 / 3] * 3


def test_nobody_adjudicates_their_own_judgement(tmp_path: Path):
    root = make_review_root(tmp_path / "own", 1)
    with serve_reviews(root) as running:
        judge = rater(root, running, "judge", "adjudicator")
        task_id = judge.next_task()["task_id"]
        judge.finish(task_id, emotion="awe")
        for emotion in ("fear", "anger"):
            other = rater(root, running, emotion)
            other.finish(other.next_task()["task_id"], emotion=emotion)
        assert "Nothing to adjudicate" in judge.ask("GET", "/adjudicate").content.decode()
        decided = {"choice": "plural", "cause": "legitimately_plural"}
        body = {"event_id": str(uuid.uuid4()), "decided": decided}
        answer = judge.ask("POST", f"/api/tasks/{task_id}/adjudicate", body)
        assert (answer.status, answer.body["code"]) == (403, "own_image")


def test_after_ten_hard_images_the_server_asks_for_a_break(root: DataRoot, server: Server):
    ann = rater(root, server, "tired")
    given = 0
    while "task_id" in (task := ann.ask("POST", "/api/next", {"have": []}).body):
        given += 1
        body = {"event_id": str(uuid.uuid4()), "reason": "cannot_judge"}
        assert ann.ask("POST", f"/api/tasks/{task['task_id']}/skip", body).status == 200
    assert task["reason"] == "break"
    assert given >= 10
    assert ann.ask("POST", "/api/next", {"have": []}).body["reason"] == "break"
    assert "task_id" in ann.next_task()
