"""The stages in pipeline order; each is a module here, a group in the UI, a prefix of tables."""

STAGES = (
    "sources",
    "ingest",
    "dedup",
    "labels",
    "annotation",
    "batches",
    "verification",
    "grounding",
    "critic",
    "records",
    "review",
    "ablation",
    "expansion",
    "texts",
    "qa",
    "assess",
    "exports",
    "training",
    "costs",
    "warehouse",
)
