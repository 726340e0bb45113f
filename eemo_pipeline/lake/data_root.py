"""Where everything lies: the data root and the folders in it.

Belongs here: names of places. Does not belong here: reading or writing them.
"""

import os
from dataclasses import dataclass
from pathlib import Path

DEFAULT = Path("data")
VARIABLE = "EEMO_DATA"
LEDGER_VARIABLE = "EEMO_LEDGER_URL"  # a database, where the ledger is not a file


@dataclass(frozen=True)
class DataRoot:
    """The data root and its places; the folders are made by whoever writes into them."""

    path: Path

    @property
    def sources(self) -> Path:
        """`sources/<dataset>/`: what the user puts there; never written by the pipeline."""
        return self.path / "sources"

    @property
    def downloads(self) -> Path:
        """`downloads/<dataset>/`: fetched archives, and files on their way to `sources/`."""
        return self.path / "downloads"

    @property
    def tables(self) -> Path:
        """`tables/<stage>__<nouns>.parquet`, a folder of that name where partitioned."""
        return self.path / "tables"

    @property
    def database(self) -> Path:
        """`eemo.duckdb`: every table and view, for analysts."""
        return self.path / "eemo.duckdb"

    @property
    def ledger(self) -> Path:
        """`ledger.sqlite`: answers of models and measurements of pictures."""
        return self.path / "ledger.sqlite"

    @property
    def local_account(self) -> Path:
        """`local_account.json`: what the local provider server answered, by its own count."""
        return self.path / "local_account.json"

    @property
    def batches(self) -> Path:
        """`batches/`: requests and results of batches that are under way."""
        return self.path / "batches"

    @property
    def exports(self) -> Path:
        """`exports/<format>/`: the published files."""
        return self.path / "exports"

    @property
    def training(self) -> Path:
        """`training/<job>/`: job folders, each with its latest run."""
        return self.path / "training"

    @property
    def state(self) -> Path:
        """`.dagster/`: runs, events and logs of Dagster."""
        return self.path / ".dagster"


def find_data_root(flag: Path | None = None) -> DataRoot:
    """The data root: the flag, else EEMO_DATA, else ./data."""
    if flag is not None:
        return DataRoot(flag)
    return DataRoot(Path(os.environ.get(VARIABLE) or DEFAULT))
