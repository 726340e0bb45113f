"""The guidelines that people judge by: every answer names the version that the person had read."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.web import event_log
from eemo_pipeline.web.database import ReviewDatabase
from eemo_pipeline.web.guidelines import GuidelinesProblem, list_versions, read_guidelines
from eemo_pipeline.web.votes import read_votes
from tests.support.commands import call_eemo
from tests.support.reviews import Rater, make_review_root, new_link, serve_reviews

OWN = "# Our guide\n\nVersion: 2.1\n\nAwe is not fear. <script>alert(1)</script>\n"


def test_an_answer_names_the_guidelines_that_the_person_had_read(tmp_path: Path):
    root = make_review_root(tmp_path / "guided", 4)
    shipped = read_guidelines(root).version
    assert shipped.startswith("1-")
    with serve_reviews(root) as running:
        ann = Rater(running.port).log_in(new_link(root, "ann"))
        first, second = ann.next_task(), ann.ask("POST", "/api/next", {"have": []}).body
        assert first == second
        second = ann.ask("POST", "/api/next", {"have": [first["task_id"]]}).body
        ann.finish(first["task_id"])
    root.guidelines.write_text(OWN)
    own = read_guidelines(root).version
    assert own.startswith("2.1-")
    with serve_reviews(root, running.port):
        refused = ann.ask("POST", "/api/next", {"have": []})
        assert (refused.status, refused.body["code"]) == (403, "guide_changed")
        page = ann.ask("GET", "/").content.decode()
        assert "The guidelines have changed" in page
        assert "&lt;script&gt;" in page
        assert "<script>" not in page
        # What was begun is finished under the guidelines that it was begun under.
        ann.finish(second["task_id"])
        stale = ann.ask("POST", "/api/me/consent", {"guide_version": shipped})
        assert stale.body["code"] == "guide_changed"
        assert ann.ask("POST", "/api/me/consent", {"guide_version": own}).status == 200
        third = ann.next_task()
        ann.finish(third["task_id"])
    with closing(ReviewDatabase(root.review)) as database, database.reading() as connection:
        said = {row["task_id"]: row["guide_version"] for row in read_votes(connection).rows}
        versions = [version for version, _ in list_versions(connection)]
        texts = [event for event in event_log.read_events(connection) if not event["task_id"]]
        assert event_log.verify(connection) is None
    assert said == {
        first["task_id"]: shipped,
        second["task_id"]: shipped,
        third["task_id"]: own,
    }
    assert versions == [shipped, own]
    assert json.loads(texts[1]["value"]) == OWN
    assert call_eemo("review", "replay", "--data", root.path).returncode == 0


def test_no_edit_of_the_guidelines_goes_unseen(tmp_path: Path):
    root = DataRoot(tmp_path)
    root.guidelines.write_text(OWN)
    before = read_guidelines(root).version
    root.guidelines.write_text(OWN.replace("fear", "dread"))
    assert read_guidelines(root).version != before
    assert read_guidelines(root).version.startswith("2.1-")
    root.guidelines.write_text("no version")
    assert read_guidelines(root).version.startswith("unnumbered-")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * 300_000])
def test_guidelines_that_cannot_be_used_are_named(tmp_path: Path, content: bytes):
    root = DataRoot(tmp_path)
    root.guidelines.write_bytes(content)
    with pytest.raises(GuidelinesProblem, match=r"guidelines\.md"):
        read_guidelines(root)


def test_a_database_of_an_earlier_version_gets_the_columns_that_it_lacks(tmp_path: Path):
    path = tmp_path / "review.sqlite"
    ReviewDatabase(path).close()
    with closing(sqlite3.connect(path)) as earlier:
        earlier.execute("alter table raters drop column guide_version")
        earlier.commit()
    ReviewDatabase(path).close()
    with closing(sqlite3.connect(path)) as mended:
        columns = [row[1] for row in mended.execute("pragma table_info(raters)")]
    assert "guide_version" in columns
