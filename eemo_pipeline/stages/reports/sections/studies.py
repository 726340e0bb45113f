"""The section about studies: what data and attributes do to a small classifier."""

import polars as pl

from eemo_pipeline.rendering.charts import draw_intervals
from eemo_pipeline.stages.reports.section import Drawn, Section, say_count

_SIGNIFICANT = 0.05
_MOST_ARMS = 14
_SHORT = {
    "attribute_ablation": "attributes",
    "data_mixing": "mixing",
    "source_transfer": "transfer",
    "visual_baselines": "features",
    "embedding_probe": "probe",
    "user_study": "people",
}
_TITLES = {
    "attribute_ablation": "Attributes left out",
    "data_mixing": "Images of another source mixed in",
    "source_transfer": "Fitted on one source, tested on another",
    "visual_baselines": "Frozen features",
    "embedding_probe": "A linear probe of embeddings (EmoVerse, Table 6)",
    "user_study": "People who say yes (EmoVerse, Table 4)",
}


def _draw_studies(arms: pl.DataFrame, not_tried: pl.DataFrame) -> Drawn:
    charts: list[str] = []
    small: dict[str, float] = {}
    sentences: list[str] = []
    for (study,), rows in arms.filter(score_unit="percent").group_by("study", maintain_order=True):
        first = rows.filter(number=rows["number"][0])
        best = first.sort("value", "arm", descending=[True, False]).row(0, named=True)
        sentences.append(_say_study(_TITLES[str(study)], best, rows))
        small[_SHORT[str(study)]] = best["value"]
        charts += [
            _draw_arms(_TITLES[str(study)], str(tested_on), part)
            for (tested_on,), part in first.group_by("tested_on", maintain_order=True)
        ]
    if not_tried.height:
        sentences.append(f"{say_count(not_tried.height, 'row')} could not be tried.")
    return Drawn(" ".join(sentences), tuple(charts), small)


def _say_study(title: str, best: dict[str, float | str], rows: pl.DataFrame) -> str:
    tested = rows.drop_nulls("p")
    moved = tested.filter(pl.col("p") < _SIGNIFICANT).height
    where = "" if best["tested_on"] == "all" else f" on {best['tested_on']}"
    said = (
        f"{title}: {best['arm']} has the highest {str(best['number']).lower()}{where} "
        f"({best['value']:.1f} %, {best['lower']:.1f} to {best['upper']:.1f})"
    )
    if not tested.height:
        return f"{said}."
    arms = say_count(tested.height, "comparison")
    return f"{said}; {moved} of {arms} with a reference differ beyond chance."


def _draw_arms(title: str, tested_on: str, rows: pl.DataFrame) -> str:
    shown = rows.head(_MOST_ARMS)
    where = "" if tested_on == "all" else f", tested on {tested_on}"
    return draw_intervals(
        f"{title}{where}: {shown['number'][0].lower()} in per cent, with 95 % intervals",
        shown["arm"].to_list(),
        shown["value"].to_list(),
        list(shown.select("lower", "upper").iter_rows()),
        (0, 100),
    )


SECTIONS = (
    Section(
        "studies",
        "What do data, attributes and features do to a classifier?",
        ("studies", "studies_not_tried"),
        "two sources with people's emotion labels: eemo sources lists them",
        _draw_studies,
    ),
)
