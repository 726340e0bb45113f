"""Composes the resources of a run: the implementation behind each resource key of the assets."""

from typing import Any

from resources.expansion_limits import ExpansionLimitsResource
from resources.launchers.choice import LauncherResource
from resources.providers.batches import BatchesResource
from resources.providers.local_models import LocalModelsResource
from resources.reviews import ReviewsResource
from resources.roles.annotators import AnnotatorsResource
from resources.roles.critics import CriticResource
from resources.roles.examinees import ExamineesResource
from resources.roles.generators import GeneratorResource
from resources.roles.grounders import GrounderResource
from resources.roles.image_embedders import ImageEmbedderResource
from resources.roles.verifiers import VerifierResource
from resources.roles.visual_baselines import VisualBaselinesResource
from resources.roles.writers import WritersResource
from resources.session import SessionResource
from resources.storage.data_root import DataRootResource
from resources.storage.ledger import LedgerResource
from resources.storage.parquet_io_manager import ParquetTables
from resources.text_similarity import TextSimilarityResource
from resources.thresholds import ThresholdsResource
from resources.workers import WorkersResource


def build_resources(
    data: str | None = None, providers: str | None = None, budget_usd: str | None = None
) -> dict[str, Any]:
    """Return all resources of a run; EEMO_* variables replace missing arguments at run time.

    Args:
        data: the data root; else EEMO_DATA, else ./data.
        providers: the models, in the format of `providers/registry.py`; else EEMO_PROVIDERS.
        budget_usd: the budget, in the format of `budgets.py`; else EEMO_BUDGET_USD.
    """
    data_root = DataRootResource(path=data)
    # Dagster builds a resource that is configured at launch once per run and shares it. It builds a
    # fully configured resource again for every resource that depends on it, which would give a
    # second budget or ledger. `Any`, because Dagster types a resource that is configured at launch
    # as neither the resource nor its value.
    workers: Any = WorkersResource.configure_at_launch()
    ledger: Any = LedgerResource.configure_at_launch(data_root=data_root)
    session: Any = SessionResource.configure_at_launch(ledger=ledger, budget_usd=budget_usd)
    local_models: Any = LocalModelsResource.configure_at_launch(data_root=data_root)
    annotators: Any = AnnotatorsResource.configure_at_launch(
        workers=workers, session=session, local_models=local_models, providers=providers
    )
    thresholds: Any = ThresholdsResource.configure_at_launch()
    return {
        "data_root": data_root,
        "io_manager": ParquetTables(data_root=data_root),
        "ledger": ledger,
        "workers": workers,
        "session": session,
        "local_models": local_models,
        "annotators": annotators,
        "batches": BatchesResource.configure_at_launch(data_root=data_root),
        "critic_in_charge": CriticResource(
            annotators=annotators,
            session=session,
            local_models=local_models,
            thresholds=thresholds,
        ),
        "examinees": ExamineesResource(
            session=session, local_models=local_models, data_root=data_root
        ),
        "expansion_limits": ExpansionLimitsResource(),
        "image_embedder": ImageEmbedderResource(),
        "image_generator": GeneratorResource(
            session=session, local_models=local_models, data_root=data_root
        ),
        "grounder": GrounderResource(workers=workers),
        "reviews": ReviewsResource(data_root=data_root),
        "text_similarity": TextSimilarityResource(),
        "thresholds": thresholds,
        "verifier": VerifierResource(session=session, local_models=local_models),
        "visual_baselines": VisualBaselinesResource(),
        "writers": WritersResource(session=session, local_models=local_models, data_root=data_root),
        "launcher": LauncherResource(),
    }
