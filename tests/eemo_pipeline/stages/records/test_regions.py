"""The regions of records, and the links of their words."""

from typing import Any

import polars as pl
import pytest

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import conform, key_violations, vocabulary_violations
from eemo_pipeline.stages.records.regions import build_regions, latest_regions, link_words


def frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TABLES[name].polars_schema)


def found(image_id: str, number: int, **fields: Any) -> dict[str, Any]:
    named = {"image_id": image_id, "region_no": number, "status": "ok" if number else "none"}
    return {**named, **fields}


def test_the_regions_of_a_record_are_those_of_its_latest_words() -> None:
    first = frame(
        "grounding__regions",
        [found(one, 1) for one in "acde"] + [found("a", 2), found("b", 0), found("e", 2)],
    )
    later = frame(
        "_critic__regions",
        [
            found(one, number, round=number_of_round)
            for one, number, number_of_round in (
                *(("a", 1, 2), ("b", 1, 2), ("b", 1, 3)),
                *(("c", 0, 2), ("e", 1, 1)),  # e: chosen in the first round
            )
        ],
    )
    records = frame(
        "records__emoverse",
        [{"image_id": one, "boxes_px": []} for one in "abce"] + [{"image_id": "d"}],
    )
    regions = build_regions(records, latest_regions(first, later))
    table = TABLES["records__regions"]
    assert key_violations(conform(regions, table).lazy(), table) == []
    # The boxes of d were discarded, and the new words of c have none.
    rows = regions.select("image_id", "round", "region_no").rows()
    assert rows == [("a", 2, 1), ("b", 3, 1), ("e", 1, 1)]


def test_boxes_that_people_drew_take_the_place_of_those_that_were_found() -> None:
    """Boxes that they confirmed keep their masks, and boxes that they refused are gone."""
    box = {"x1_px": 0.5, "y1_px": 1.0, "x2_px": 8.0, "y2_px": 9.0, "mask_score": 0.5}
    first = frame("grounding__regions", [found(one, 1, **box) for one in "abc"])
    said = {"decided_by_people": ["box"], "round_count": 1}
    records = frame(
        "records__emoverse",
        [
            {"image_id": "a", "boxes_px": [0, 1, 8, 9], **said},
            {"image_id": "b", "boxes_px": [1, 1, 5, 5, 2, 2, 6, 6], **said},
            {"image_id": "c", **said},
        ],
    )
    regions = build_regions(records, latest_regions(first, frame("_critic__regions", [])))
    rows = regions.select("image_id", "region_no", "detector", "x2_px", "mask_score").rows()
    assert rows == [
        ("a", 1, None, 8.0, 0.5),
        ("b", 1, "people", 5.0, None),
        ("b", 2, "people", 6.0, None),
    ]
    conform(regions, TABLES["records__regions"])


LONG = "a very old and very tired brown dog in the park"


@pytest.mark.parametrize(
    ("phrase", "subject", "attribute", "links"),
    [
        ("old dog", "Old dog", "sad", {"subject": "named", "attribute": "of_subject"}),
        ("sad old dog", "old dog", "Sad", {"subject": "named", "attribute": "named"}),
        ("dog", "old dog", "sad", {"subject": "head_noun", "attribute": "of_subject"}),
        ("a very old and very tired brown dog", LONG, None, {"subject": "named"}),
        (None, "old dog", "sad", {"subject": "unnamed", "attribute": "of_subject"}),
        ("cat", "old dog", "sad", {"subject": "unnamed", "attribute": "of_subject"}),
        ("dog", None, None, {}),
    ],
)
def test_a_link_says_what_it_rests_on(
    phrase: str | None, subject: str | None, attribute: str | None, links: dict[str, str]
) -> None:
    words = {"background": "a park", "attribute": attribute, "subject": subject}
    records = frame("records__emoverse", [{"image_id": "a", **words}])
    regions = frame(
        "records__regions", [found_region("a", 1, phrase), found_region("a", 2, phrase)]
    )
    linked = link_words(records, regions)
    table = TABLES["records__links"]
    assert vocabulary_violations(conform(linked, table).lazy(), table) == []
    for number in (1, 2):
        rows = linked.filter(region_no=number).select("field", "link").rows()
        assert dict(rows) == {"background": "around", **links}
    assert linked.filter(field="background")["linked_text"].to_list() == ["a park"] * 2


def found_region(image_id: str, number: int, phrase: str | None) -> dict[str, Any]:
    return {"image_id": image_id, "region_no": number, "phrase": phrase}
