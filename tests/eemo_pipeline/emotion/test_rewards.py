"""Rewards of completions: published values as oracles, and the laws that every reward keeps."""

import json
import os
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from eemo_pipeline.aggregation.word_agreement import LEMMAS
from eemo_pipeline.emotion.answers import read_ranking, read_score, split_completion
from eemo_pipeline.emotion.candidate_lists import EKMAN_7_LIST, MIKELS_8_LIST, REWARDED_LISTS
from eemo_pipeline.emotion.rewards import Gold, build_gold, reward_completion
from eemo_pipeline.emotion.scoring import reward_score, score_ranking, score_ranking_by_names
from eemo_pipeline.emotion.similarity import (
    BadMatrix,
    RewardMatrix,
    build_matrix,
    combine,
    measure_vad_similarity,
    read_definitions,
    read_matrices,
)
from eemo_pipeline.emotion.taxonomies import EKMAN_7, canonical
from eemo_pipeline.emotion.vad import MIKELS_RAW_ANCHORS, Vad

# A folder with EEmo-Logic's train/Stage_2 files; they are not in this repository.
RELEASED = Path(os.environ.get("EEMO_LOGIC_STAGE_2", "nowhere"))
needs_release = pytest.mark.skipif(
    not (RELEASED / "reward_matrix_1.json").exists(),
    reason="EEMO_LOGIC_STAGE_2 names no folder with reward_matrix_1.json",
)
VOCABULARY = frozenset(EKMAN_7)
share = st.floats(0, 1)


def answer(text: str) -> str:
    return f"<think>I look at it.</think><answer>{text}</answer>"


def mikels() -> RewardMatrix:
    matrix = build_matrix(MIKELS_8_LIST, MIKELS_RAW_ANCHORS, LEMMAS.compare)
    assert matrix is not None
    return matrix


def test_the_released_tau_differs_in_280_of_1260_cases_and_only_for_three_emotions() -> None:
    cases = [(truth, guess) for truth in permutations(EKMAN_7, 3) for guess in permutations(truth)]
    assert len(cases) == 1260
    assert sum(score_ranking(*c) != score_ranking_by_names(*c) for c in cases) == 280
    truth, guess = ("joy", "anger", "surprise"), ("joy", "surprise", "anger")
    assert score_ranking(truth, guess) == pytest.approx(50 + round((1 / 3 + 1) * 25, 2))
    assert score_ranking_by_names(truth, guess) == 50
    for truth in permutations(EKMAN_7[:4], 3):
        for guess in permutations((*truth[:2], "surprise"), 3):
            assert score_ranking(truth, guess) == score_ranking_by_names(truth, guess)


def scipy_tau(one: list[int], other: list[int]) -> float:
    tau, _ = kendalltau(one, other)
    return float(tau)  # pyright: ignore[reportArgumentType] (scipy's result is untyped)


@given(st.permutations(EKMAN_7), st.permutations(range(3)))
def test_both_taus_are_those_of_scipy(order: list[str], places: list[int]) -> None:
    truth = order[:3]
    guess = [truth[place] for place in places]
    positions = [truth.index(emotion) for emotion in guess]
    tau = scipy_tau([0, 1, 2], positions)
    names = scipy_tau(*([sorted(truth).index(e) for e in order] for order in (truth, guess)))
    assert score_ranking(truth, guess) == pytest.approx(50 + (tau + 1) * 25, abs=0.006)
    assert score_ranking_by_names(truth, guess) == pytest.approx(50 + (names + 1) * 25, abs=0.006)


def test_the_published_random_guess_holds_for_both_taus() -> None:
    truth = ("joy", "anger", "surprise")
    guesses = [guess for length in (1, 2, 3) for guess in permutations(EKMAN_7, length)]
    for score in (score_ranking, score_ranking_by_names):
        mean = sum(score(truth, guess) for guess in guesses) / len(guesses)
        assert round(mean, 2) == 25.48


def test_the_printed_example_of_the_score_reward() -> None:
    assert round(reward_score(0.0, 0.083), 4) == 0.5181
    assert round(reward_score(0.7083, 0.625), 4) == 0.5165


@given(share, share, share)
def test_the_score_reward_falls_with_the_error(truth: float, one: float, other: float) -> None:
    near, far = sorted((one, other), key=lambda value: abs(value - truth))
    assert 0 <= reward_score(truth, far) <= reward_score(truth, near) <= 1
    assert reward_score(truth, near) == pytest.approx(reward_score(near, truth))


@given(
    st.lists(st.tuples(*[st.floats(1, 9)] * 3), min_size=3, max_size=8, unique=True),
    st.randoms(use_true_random=False),
)
def test_matrices_are_bounded_and_move_with_their_labels(points, random) -> None:
    vads = [Vad(*(round(value, 3) for value in point)) for point in points]
    if len(set(vads)) < len(vads):
        return
    embedded = np.random.default_rng(len(points)).random((len(vads), len(vads)))
    np.fill_diagonal(embedded, 1.0)
    matrix = combine(measure_vad_similarity(vads), embedded)
    assert matrix.min() >= 0
    assert matrix.max() <= 1 + 1e-12
    assert np.allclose(np.diag(matrix), 1)
    order = list(range(len(vads)))
    random.shuffle(order)
    again = combine(
        measure_vad_similarity([vads[place] for place in order]), embedded[np.ix_(order, order)]
    )
    assert np.allclose(again, matrix[np.ix_(order, order)])


def test_every_rewarded_label_has_a_definition_of_its_own() -> None:
    labels = {canonical(label) for listed in REWARDED_LISTS for label in listed}
    definitions = read_definitions()
    assert set(definitions) == labels
    assert len({definition.text for definition in definitions.values()}) == len(labels)


def test_a_near_emotion_earns_more_than_an_opposite_one() -> None:
    matrix = mikels()
    for truth, near, far in (
        ("amusement", "excitement", "sadness"),
        ("anger", "fear", "contentment"),
        ("awe", "contentment", "disgust"),
    ):
        assert matrix.reward(truth, truth) == 1
        assert matrix.reward(truth, near) > matrix.reward(truth, far)
    assert matrix.reward("awe", "boredom") == 0


def test_a_set_with_a_label_that_the_lexicon_lacks_has_no_matrix() -> None:
    assert build_matrix(EKMAN_7_LIST, MIKELS_RAW_ANCHORS, LEMMAS.compare) is None


@needs_release
def test_matrices_from_the_released_inputs_equal_the_released_ones() -> None:
    scores = json.loads((RELEASED / "emotion_vad_scores.json").read_text())
    lexicon = {name.strip().lower(): Vad(*values) for name, values in scores.items()}
    embedded = read_matrices(RELEASED / "check_embedding.json")
    distances = read_matrices(RELEASED / "vad_distance.json")
    released = read_matrices(RELEASED / "reward_matrix_1.json")
    assert len(released) == 5
    entries = []
    for key, matrix in released.items():
        points = [lexicon[label.strip().lower()] for label in key.split(",")]
        similarity = measure_vad_similarity(points)
        assert np.abs(similarity - distances[key].values).max() <= 1e-12
        built = combine(similarity, embedded[key].values)
        assert np.abs(built - matrix.values).max() <= 1e-12
        entries.extend(matrix.values.ravel())
        if len(matrix.labels) == 24:
            assert matrix.reward("joy", "ecstasy") == pytest.approx(0.114483, abs=5e-7)
            assert matrix.reward("ecstasy", "joy") == pytest.approx(0.168781, abs=5e-7)
    assert len(entries) == 1429
    assert np.mean(entries) == pytest.approx(0.113564, abs=5e-7)
    assert np.median(entries) == pytest.approx(0.033689, abs=5e-7)


def test_files_in_the_released_layout_are_read(tmp_path: Path) -> None:
    path = tmp_path / "matrices.json"
    path.write_text(json.dumps([{"joy, Sad": [[1, 0.25], [0.5, 1]]}]))
    (matrix,) = read_matrices(path).values()
    assert matrix.reward("joy", "sadness") == 0.25  # rows are true emotions
    assert matrix.reward("sadness", "joy") == 0.5


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "no readable JSON"),
        ("[1]", "no objects"),
        ('{"joy, fear": [[1, 2]]}', "2 labels need as many rows"),
        ('{"joy, fear": [[1, 2], [NaN, 1]]}', "finite"),
        ('{"joy, fear": [["a", 2], [3, 1]]}', "not numbers"),
    ],
)
def test_a_damaged_file_of_matrices_is_named(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "matrices.json"
    path.write_text(content)
    with pytest.raises(BadMatrix, match=message):
        read_matrices(path)


RANKING = Gold("ranking", ranking=("fear", "disgust", "neutral"))
SCORE = Gold("vad", "valence", score=0.7083)


@pytest.mark.parametrize(
    ("text", "gold", "total"),
    [
        (answer("Emotion ranking: fear, disgust, neutral"), RANKING, 2.0),
        (answer("Emotion ranking: Fear,surprise , Neutrality."), RANKING, 1 + 0.6833**2),
        (answer("emotion ranking:fear, fear, fear"), RANKING, 1 + 0.25**2),
        (answer("Emotion ranking:"), RANKING, 1.0),
        (answer("Valence: 0.5"), RANKING, 0.0),  # another task's form
        ("Emotion ranking: fear, disgust, neutral", RANKING, 0.0),
        ("<answer>Emotion ranking: fear, disgust, neutral</answer>", RANKING, 0.0),
        (answer("Valence:0.7083"), SCORE, 2.0),
        (answer("Valence:\n0.625 out of 1"), SCORE, 1 + 0.51645),
        (answer("Valence: high"), SCORE, 1.0),
        (answer("Arousal: 0.7083"), SCORE, 0.0),
        (answer("Valence: 12"), SCORE, 1 + 0.4 * 0.7083),
        (answer("Valence: 0.1") + answer("Valence: 0.7083"), SCORE, 2.0),  # the last answer counts
    ],
)
def test_totals_with_gates(text: str, gold: Gold, total: float) -> None:
    assert reward_completion(text, gold).total == pytest.approx(total, abs=5e-5)


def test_the_dominant_emotion_is_rewarded_by_the_row_of_the_truth() -> None:
    matrix = mikels()
    gold = Gold("dominant_emotion", label="awe", matrix=matrix)
    given_answer = answer("Dominant emotion: Amusement (disgust, contentment)")
    rewarded = reward_completion(given_answer, gold, format_weight=0.5)
    assert rewarded.dominant == matrix.reward("awe", "amusement")
    assert rewarded.total == pytest.approx(0.5 + rewarded.dominant)
    assert reward_completion(answer("Dominant emotion: love"), gold).total == 1.0


@given(st.text(max_size=80), st.sampled_from([RANKING, SCORE]))
def test_any_text_has_a_bounded_reward_and_closed_gates_without_the_format(
    text: str, gold: Gold
) -> None:
    for completion in (text, answer(text), answer(f"Emotion ranking: {text}")):
        reward = reward_completion(completion, gold)
        parts = (reward.ranking, reward.score, reward.dominant)
        assert reward.format in (0, 1)
        assert all(0 <= part <= 1 for part in parts)
        assert sum(part > 0 for part in parts) <= 1
        assert reward.format or not any(parts)
        assert reward.total == pytest.approx(reward.format + sum(parts))


def test_forty_thousand_tags_are_parsed_at_once() -> None:
    text = "<think>" * 20_000 + "<answer>" * 20_000
    assert split_completion(text).answer is None
    assert split_completion(text + "</answer>").answer == ""


def test_rankings_drop_what_is_unknown_and_keep_three() -> None:
    listed = "joyful, love, shock, fear, anger"
    assert read_ranking(f"Emotion ranking: {listed}", VOCABULARY) == ("joy", "surprise", "fear")
    assert read_ranking("Emotion ranking: pleasure", frozenset({"pleasure"})) == ("pleasure",)
    assert read_score("Valence: -3") == 0
    assert read_score("Valence: .5") == 0.5


def test_items_without_a_usable_truth_are_refused() -> None:
    matrices = {"joy, fear": RewardMatrix(("joy", "fear"), np.eye(2))}
    gold = build_gold("dominant_emotion", None, "Dominant emotion: Joy (joy, fear)", None,
                      ["joy", "fear"], matrices)  # fmt: skip
    assert (gold.label, gold.matrix) == ("joy", matrices["joy, fear"])
    for task, solution, candidates in (
        ("ranking", "Emotion ranking: joy, joy, fear", []),
        ("vad", "Valence: 0.2", []),
        ("dominant_emotion", "Dominant emotion: awe", ["joy", "fear"]),
        ("dominant_emotion", "Dominant emotion: joy", ["joy", "awe"]),
        ("poetry", "", []),
    ):
        with pytest.raises(ValueError, match=r"no |none of"):
            build_gold(task, None, solution, None, candidates, matrices)
