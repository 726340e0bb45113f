"""Labels of a dropped near-duplicate count for the image that is kept, in every table of labels."""

from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from assets.labels import LexiconConfig as Lexicon
from assets.labels import (
    SheetConfig,
    _labels__coverage,
    labels__emotions,
    labels__label_fates,
    labels__rankings,
    labels__validation_items,
    vad,
    validation,
)
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.critic.limits import CriticLimits

KEPT, DROPPED = "a" * 64, "b" * 64


def frame(name: str, *rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=TABLES[name].polars_schema)


IMAGES = frame("dedup__images", {"image_id": KEPT})
CLUSTERS = frame(
    "dedup__clusters",
    {"image_id": KEPT, "is_kept": True, "kept_image_id": KEPT},
    {"image_id": DROPPED, "is_kept": False, "kept_image_id": KEPT},
)


@pytest.fixture
def annotations() -> pl.DataFrame:
    return frame(
        "ingest__annotations",
        {
            **{"source": "artphoto", "record_id": "b", "annotation_no": 0, "image_id": DROPPED},
            **{"label_space": "mikels8_or_ekman7", "semantics": "evoked"},
            **{"native_labels": ["fear"], "native_weights": [1.0]},
            **{"native_valence": 0.2, "scale_min": 0.0, "scale_max": 1.0},
        },
    )


def build(asset: Any, *inputs: Any) -> pl.DataFrame:
    """The table that an asset makes of these inputs; of several tables, the first."""
    result = asset(*inputs)
    return (result if isinstance(result, dg.MaterializeResult) else next(result)).value


def test_every_table_of_labels_has_the_labels_of_the_dropped_image(
    annotations: pl.DataFrame,
) -> None:
    given = (IMAGES, CLUSTERS, annotations)
    emotions = build(labels__emotions, *given)
    values = build(vad, Lexicon(), *given, frame("ingest__words"))
    rankings = build(labels__rankings, IMAGES, CLUSTERS, emotions, annotations, CriticLimits())
    coverage = build(_labels__coverage, *given, emotions, values)
    assert set(emotions.select("image_id", "emotion", "mass").rows()) == {(KEPT, "fear", 1.0)}
    assert values.select("image_id", "valence").rows() == [(KEPT, 0.2)]
    assert set(build(labels__label_fates, *given)["source"]) == {"artphoto"}
    assert rankings["dominant_emotion"].to_list() == ["fear"]
    assert set(coverage["reason"]) == {"used"}


def test_answers_written_into_the_sheet_itself_are_read_and_survive_a_new_sheet(
    tmp_path: Path,
) -> None:
    root = DataRoot(tmp_path)
    images = [f"{number:02x}" * 32 for number in range(9)]
    kept = frame(
        "dedup__images",
        *({"image_id": key, "source": "x", "path": f"{no}.jpg"} for no, key in enumerate(images)),
    )
    scores = frame(
        "labels__vad",
        *(
            {"image_id": key, "origin": "lexicon:x", "source": "x", "valence": no / 9}
            for no, key in enumerate(images)
        ),
    )
    items = build(labels__validation_items, SheetConfig(), root, kept, scores)
    sheet = tmp_path / "reports" / "validation_sheet.csv"
    level = {row["image_id"]: row["tertile"] for row in items.to_dicts()}
    header, *rows = sheet.read_text().splitlines()
    filled = [row.replace('""', level[row.rpartition(",")[2]]) for row in rows]
    sheet.write_text("\n".join([header, *filled]))
    build(labels__validation_items, SheetConfig(seed="another"), root, kept, scores)
    assert '""' in sheet.read_text()
    yielded: Any = validation(root, kept, scores, frame("review__votes"))
    outputs = {output.output_name: output.value for output in yielded}
    assert set(outputs["labels__validation_answers"]["status"]) == {"ok"}
    agreement = outputs["labels__validation_agreement"].filter(dimension="valence")
    assert agreement.select("image_count", "agreed_share").rows() == [(9, 1.0), (9, 1.0)]
