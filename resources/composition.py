"""Which real thing stands behind each name that assets ask for.

Belongs here: the composition of resources, one line per name. Does not belong here: any of them.
"""

from typing import Any

import dagster as dg

from resources.launchers.subprocess_launcher import SubprocessLauncher
from resources.providers.batches import BatchesResource
from resources.providers.local_models import LocalModelsResource
from resources.roles.annotators import AnnotatorsResource
from resources.roles.critics import CriticResource
from resources.roles.grounders import GrounderResource
from resources.roles.verifiers import VerifierResource
from resources.session import SessionResource
from resources.storage.data_root import DataRootResource
from resources.storage.ledger import LedgerResource
from resources.storage.parquet_io_manager import ParquetTables
from resources.workers import WorkersResource


def build_resources(
    data: str | None = None, providers: str | None = None, budget_usd: str | None = None
) -> dict[str, Any]:
    """All resources of a run; what is not named, EEMO_* variables decide at run time.

    Args:
        data: the data root; else EEMO_DATA, else ./data.
        providers: which models answer, as `providers.py` reads it; else EEMO_PROVIDERS.
        budget_usd: what may be spent, as `budgets.py` reads it; else EEMO_BUDGET_USD.
    """
    data_root = DataRootResource(path=data)
    # What is configured at launch is made once per run and shared; what is configured in full is
    # made anew for every resource that holds it, and a second budget or ledger would be wrong.
    # Dagster types it as neither the resource nor its value.
    workers: Any = WorkersResource.configure_at_launch()
    ledger: Any = LedgerResource.configure_at_launch(data_root=data_root)
    session: Any = SessionResource.configure_at_launch(ledger=ledger, budget_usd=budget_usd)
    local_models: Any = LocalModelsResource.configure_at_launch(data_root=data_root)
    annotators: Any = AnnotatorsResource.configure_at_launch(
        workers=workers, session=session, local_models=local_models, providers=providers
    )
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
            annotators=annotators, session=session, local_models=local_models
        ),
        "grounder": GrounderResource(workers=workers),
        "verifier": VerifierResource(session=session, local_models=local_models),
        "launcher": SubprocessLauncher(client=dg.PipesSubprocessClient()),
    }
