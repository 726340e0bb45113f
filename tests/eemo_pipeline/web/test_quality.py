"""The numbers of quality, from bots whose habits are known."""

import random
import re
from collections.abc import Iterator
from contextlib import closing

import pytest
import sqlalchemy as sa

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.web import assignment, judging, quality_words
from eemo_pipeline.web.administration import ask_again, list_events, list_waiting
from eemo_pipeline.web.database import EVENTS, TASKS, ReviewDatabase
from eemo_pipeline.web.fields import EMOTIONS, BlindJudgement, Event
from eemo_pipeline.web.gallery import GROUPS, Wanted, list_groups, show_images
from eemo_pipeline.web.people import Session, add_rater, find_session, log_in
from eemo_pipeline.web.quality import Quality, measure
from eemo_pipeline.web.quality_charts import draw_charts
from eemo_pipeline.web.queue_import import import_queue
from eemo_pipeline.web.replay import replay
from tests.support.reviews import make_review_root

IMAGES, NOISE = 120, 1
BOTS = ("plain", "biased", "careless")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> DataRoot:
    return make_review_root(tmp_path_factory.mktemp("bots"), IMAGES)


@pytest.fixture(scope="module")
def database(root: DataRoot) -> Iterator[ReviewDatabase]:
    with closing(ReviewDatabase(root.review)) as opened:
        import_queue(opened, root)
        for name in BOTS:
            let_judge(opened, enter(opened, name, "annotator"))
        yield opened


@pytest.fixture(scope="module")
def measured(database: ReviewDatabase) -> Quality:
    return measure(database)


def enter(database: ReviewDatabase, name: str, role: str) -> Session:
    session = find_session(database, log_in(database, add_rater(database, name, role)) or "")
    assert session is not None
    return session


def let_judge(database: ReviewDatabase, bot: Session) -> None:
    """Have a bot judge every image: the truth with noise; `biased` adds 1 to valence.

    `careless` accepts every draft, the others refuse what is wrong on purpose.
    """
    number = 0
    while isinstance(task := assignment.claim(database, bot), assignment.Assigned):
        truth = random.Random(task.image_id)  # noqa: S311
        own = random.Random(task.image_id + bot.name)  # noqa: S311
        emotion, valence, arousal = (
            truth.choice(EMOTIONS),
            truth.randint(-2, 2),
            truth.randint(-2, 2),
        )
        if own.random() < 0.3:
            emotion = own.choice(EMOTIONS)
        valence += own.randint(-NOISE, NOISE) + (bot.name == "biased")
        said = {"emotion": emotion, "valence": valence, "arousal": arousal}
        name, number = f"{bot.rater_id[1:]}-{number:04x}", number + 1
        felt = BlindJudgement.model_validate(said)
        judging.commit(database, bot, task.task_id, f"{name}-aaaa", felt, duration_ms=4_000)
        seen = judging.reveal(database, bot, task.task_id)
        with database.reading() as connection:
            query = sa.select(TASKS.c.probe_field).where(TASKS.c.task_id == task.task_id)
            wrong = connection.execute(query).scalar()
        events = []
        for place, draft in enumerate(seen["drafts"]):
            refuses = draft["field"] == wrong and bot.name != "careless"
            event = {
                "event_id": f"{name}-{place:04x}",
                "kind": "field_reject" if refuses else "field_accept",
                "field": draft["field"],
                "value": "wrong" if refuses else None,
                "duration_ms": 1_500,
            }
            events.append(Event.model_validate(event))
        if seen["must_reconcile"]:
            events.append(Event(event_id=f"{name}-ffff", kind="reconcile", value="keep"))
        for event in events:
            judging.record(database, bot, task.task_id, [event])
        judging.submit(database, bot, task.task_id, f"{name}-eeee")


def test_acceptance_26_the_bias_of_a_bot_lies_within_its_interval(measured: Quality):
    """Against the mean of two unbiased others, the biased bot is 1 above; each other 1/2 below."""
    expected = {"plain": -0.5, "biased": 1.0, "careless": -0.5}
    assert {one.name for one in measured.raters} == set(BOTS)
    for one in measured.raters:
        offset = one.offsets["valence"]
        assert offset.count >= 100
        assert offset.lower is not None
        assert offset.upper is not None
        assert offset.lower <= expected[one.name] <= offset.upper
        assert one.offsets["arousal"].value == 0
        assert one.median_s == 4.0


def test_who_accepts_everything_is_found_by_the_wrong_drafts(measured: Quality):
    marked = {one.name: one.accepts_too_much for one in measured.raters}
    assert marked == {"plain": False, "biased": False, "careless": True}
    careless = next(one for one in measured.raters if one.name == "careless")
    assert careless.wrong_accepted.value == 1
    assert careless.wrong_accepted.lower is not None
    assert careless.wrong_accepted.lower > 0.3


def test_bots_that_know_nothing_of_gold_fall_short_of_it(measured: Quality):
    for one in measured.raters:
        assert one.gold_mass.count == IMAGES / 3
        assert one.gold_expected == pytest.approx(0.9**2 + 0.1**2)
        assert one.gold_mass.upper is not None
        assert one.gold_expected is not None
        assert one.gold_mass.upper < one.gold_expected


def test_agreement_is_that_of_the_library(measured: Quality, database: ReviewDatabase):
    """The counts give the alpha that the `krippendorff` package gives from the ratings."""
    import json

    import numpy as np

    from eemo_pipeline.stats.agreement import interval_alpha, nominal_alpha

    with database.reading() as connection:
        query = sa.select(EVENTS.c.image_id, EVENTS.c.value).where(EVENTS.c.kind == "blind_commit")
        by_image: dict[str, list[dict[str, int]]] = {}
        for image_id, value in connection.execute(query):
            by_image.setdefault(image_id, []).append(json.loads(value))
    names = {name: place for place, name in enumerate(EMOTIONS)}
    widest = max(len(said) for said in by_image.values())

    def matrix(name: str) -> np.ndarray:
        rows = np.full((len(by_image), widest), np.nan)
        for place, said in enumerate(by_image.values()):
            rows[place, : len(said)] = [names.get(str(one[name]), one[name]) for one in said]
        return rows

    found = measured.agreement
    assert found["emotion"].value == pytest.approx(nominal_alpha(matrix("emotion")))
    assert found["valence"].value == pytest.approx(interval_alpha(matrix("valence")))
    assert found["arousal"].value == pytest.approx(1.0)
    for one in found.values():
        assert one.lower is not None
        assert one.upper is not None
        assert one.value is not None
        assert one.lower <= one.value <= one.upper


def test_the_fields_count_every_answer(measured: Quality, database: ReviewDatabase):
    with database.reading() as connection:
        query = sa.select(sa.func.count()).where(EVENTS.c.kind.like("field%"))
        given = connection.execute(query).scalar_one()
    assert sum(one.accepted.count for one in measured.fields) == given
    assert {one.mean_s for one in measured.fields} == {1.5}
    assert sum(map(sum, measured.confusion)) == sum(one.judged for one in measured.raters)


def test_acceptance_26_the_page_says_who_is_biased_and_who_accepts_everything(measured: Quality):
    said = {
        one.name: " ".join(quality_words.explain_rater(one, sees_all=True))
        for one in measured.raters
    }
    biased = next(one for one in measured.raters if one.name == "biased").offsets["valence"].value
    assert biased is not None
    assert re.search(rf"Rates valence {biased:.1f} steps? higher than the others", said["biased"])
    assert "higher" not in said["plain"] + said["careless"]
    assert "wrong on purpose: too many" in said["careless"]
    assert "wrong on purpose: no cause" in said["plain"]
    hidden = quality_words.explain_rater(measured.raters[0], sees_all=False)
    assert not any("on purpose" in one for one in hidden)
    charts = draw_charts(measured)
    assert sum(measured.plane.values()) == sum(one.judged for one in measured.raters)
    assert charts["plane"].count("<circle") == len(measured.plane)
    assert draw_charts(Quality({}, [], [])) == {}


def test_the_gallery_shows_nothing_that_one_may_still_be_asked_about(
    database: ReviewDatabase, root: DataRoot
):
    newcomer = enter(database, "newcomer", "reviewer")
    assert list_groups(database, root, newcomer, Wanted()) == []
    plain = find_session(database, log_in_again(database, "plain"))
    assert plain is not None
    groups = {
        name: list_groups(database, root, plain, Wanted(group=name)) for name in ("", *GROUPS)
    }
    judged = next(one.judged for one in measure(database).raters if one.name == "plain")
    for of_name in groups.values():
        tasks = [task for group in of_name for task in group.tasks]
        assert len(set(tasks)) == len(tasks) == judged
    assert "all agree" in [group.name for group in groups["disagreement"]]
    awe = list_groups(database, root, plain, Wanted(emotion="awe"))[0].tasks
    shown = show_images(database, root, plain, awe)
    assert 0 < len(shown) == len(awe) < judged
    assert all("awe" in dict(one.votes) for one in shown)
    assert show_images(database, root, newcomer, awe) == []
    assert list_groups(database, root, plain, Wanted(words="SECRET"))[0].tasks
    assert list_groups(database, root, plain, Wanted(words="%")) == []


def log_in_again(database: ReviewDatabase, name: str) -> str:
    from eemo_pipeline.web.people import renew_link

    return log_in(database, renew_link(database, name)) or ""


def test_an_administrator_asks_again_about_what_was_flagged(database: ReviewDatabase):
    admin, new = enter(database, "admin", "admin"), enter(database, "new", "annotator")
    with database.reading() as connection:
        flagged = connection.execute(sa.select(TASKS.c.task_id, TASKS.c.image_id)).first()
    assert flagged is not None
    ask_again(database, admin, flagged.task_id, "0" * 16)
    task = assignment.claim(database, new)
    assert isinstance(task, assignment.Assigned)
    flag = Event(event_id="1" * 16, kind="flag", value="watermark")
    judging.record(database, new, task.task_id, [flag])
    assert [one["task_id"] for one in list_waiting(database)] == [task.task_id]
    ask_again(database, admin, task.task_id, "2" * 16)
    assert list_waiting(database) == []
    assert [one["kind"] for one in list_events(database)][:3] == ["reopen", "flag", "lease"]
    assert "value" not in list_events(database)[0]
    assert replay(database)[1]
