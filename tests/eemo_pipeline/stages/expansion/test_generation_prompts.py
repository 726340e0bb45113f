"""Prompts for generated images: what is replaced, who may be a parent, and how many there are."""

from collections import Counter

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.expansion.generation_prompts import build_prompts
from eemo_pipeline.stages.expansion.limits import ExpansionLimits
from eemo_pipeline.stages.expansion.phrases import fits_polarity
from eemo_pipeline.stages.expansion.verified_triplets import PARTS, count_deficits

BACKGROUNDS = ("lake", "dark cellar", "sunny beach", "street", "meadow")
ATTRIBUTES = ("calm", "gloomy", "bright", "plain", "harsh")
SUBJECTS = ("swan", "door", "woman", "dog", "tree")


Row = tuple[str, str, str, str, str, bool, str]


def build(rows: list[Row]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return records and images of rows of emotion, three parts, split, is_evaluation, source."""
    schema = TABLES["records__emoverse"].polars_schema
    records = [
        {
            **{"image_id": f"{number:064x}", "source": source, "split": split, "emotion": emotion},
            **{"state": "preserved", "is_contested": False},
            **dict(zip(PARTS, parts, strict=True)),
        }
        for number, (emotion, *parts, split, _, source) in enumerate(rows)
    ]
    images = [
        {"image_id": f"{number:064x}", "is_evaluation": row[5]} for number, row in enumerate(rows)
    ]
    return pl.DataFrame(records, schema=schema), pl.DataFrame(
        images, schema={"image_id": pl.String, "is_evaluation": pl.Boolean}
    )


ROWS = st.lists(
    st.tuples(
        st.sampled_from(("awe", "fear", "sadness", "amusement")),
        st.sampled_from(BACKGROUNDS),
        st.sampled_from(ATTRIBUTES),
        st.sampled_from(SUBJECTS),
        st.sampled_from(("train", "train", "train", "test")),
        st.sampled_from((False, False, True)),
        st.sampled_from(("folder", "folder", "aigc")),
    ),
    max_size=30,
)


@settings(max_examples=60)
@given(ROWS)
def test_the_laws_of_prompts(rows: list) -> None:
    records, images = build(rows)
    limits = ExpansionLimits(prompts_per_emotion=4, children_per_parent=2)
    prompts = build_prompts(records, images, limits)
    assert prompts.equals(build_prompts(records.reverse(), images.reverse(), limits))
    known = {row["image_id"]: row for row in records.to_dicts()}
    evaluates = dict(images.iter_rows())
    deficits = count_deficits(records)
    for row in prompts.to_dicts():
        parent, donor = known[row["parent_image_id"]], known[row["donor_image_id"]]
        for used in (parent, donor):
            assert used["split"] == "train"
            assert used["source"] != "aigc"
            assert not evaluates[used["image_id"]]
        assert 1 <= len(row["replaced"]) <= 2
        assert donor["emotion"] == row["intended_emotion"]
        for part in PARTS:
            assert row[part] == (donor if part in row["replaced"] else parent)[part]
            assert fits_polarity(row[part], row["intended_emotion"])
            assert (row[part] != parent[part]) == (part in row["replaced"])
        if parent["emotion"] != row["intended_emotion"]:
            assert "attribute" in row["replaced"]
            assert "subject" not in row["replaced"]
        train = {
            tuple(one[part] for part in PARTS)
            for one in known.values()
            if one["split"] == "train"
            and one["source"] != "aigc"
            and not evaluates[one["image_id"]]
        }
        assert tuple(row[part] for part in PARTS) not in train
        assert row["intended_emotion"] in row["prompt"]
        assert 0 <= row["seed"] < 2**31
    per_parent = Counter(prompts["parent_image_id"])
    assert max(per_parent.values(), default=0) <= 2
    for emotion, count in Counter(prompts["intended_emotion"]).items():
        assert count <= min(4, deficits[emotion])


def test_an_emotion_without_a_donor_has_no_prompt() -> None:
    rows = [("awe", "lake", "calm", f"swan {n}", "train", False, "folder") for n in range(5)]
    records, images = build(rows)
    assert build_prompts(records, images).is_empty()


def test_a_prompt_is_text_whatever_the_words_are() -> None:
    rows = [("awe", "lake", "calm", f"swan {n}", "train", False, "folder") for n in range(5)]
    rows += [("fear", "{emotion} {0}", "harsh", "<script>dog", "train", False, "folder")]
    records, images = build(rows)
    prompts = build_prompts(records, images)
    assert prompts.height > 0
    for prompt in prompts["prompt"]:
        assert not set("{}<>") & set(prompt)
        assert prompt.endswith("No text, no frame, no watermark.")
