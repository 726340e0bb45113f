"""The data root and the folders and files in it, as paths."""

import os
from dataclasses import dataclass
from pathlib import Path

DEFAULT = Path("data")
VARIABLE = "EEMO_DATA"
LEDGER_VARIABLE = "EEMO_LEDGER_URL"  # URL of a database, if the ledger is not a file


@dataclass(frozen=True)
class DataRoot:
    """The data root and its paths; folders are created by the code that writes into them."""

    path: Path

    @property
    def sources(self) -> Path:
        """`sources/<dataset>/`: the user's files; only `web` and `aigc` are added to."""
        return self.path / "sources"

    @property
    def downloads(self) -> Path:
        """`downloads/<dataset>/`: fetched archives, and files not yet moved to `sources/`."""
        return self.path / "downloads"

    @property
    def tables(self) -> Path:
        """`tables/<stage>__<nouns>.parquet`, or a folder of that name where partitioned."""
        return self.path / "tables"

    @property
    def database(self) -> Path:
        """`eemo.duckdb`: every table and view, for analysts."""
        return self.path / "eemo.duckdb"

    @property
    def ledger(self) -> Path:
        """`ledger.sqlite`: answers of models and measurements of images."""
        return self.path / "ledger.sqlite"

    @property
    def local_account(self) -> Path:
        """`local_account.json`: the local provider server's own count of its answers."""
        return self.path / "local_account.json"

    @property
    def review(self) -> Path:
        """`review.sqlite`: what people said in the review tool, event by event."""
        return self.path / "review.sqlite"

    @property
    def guidelines(self) -> Path:
        """`guidelines.md`: the user's own guidelines for people who judge images."""
        return self.path / "guidelines.md"

    @property
    def validation(self) -> Path:
        """`validation/<pseudonym>.csv`: validation sheets that experts filled in."""
        return self.path / "validation"

    @property
    def batches(self) -> Path:
        """Folder batches: requests and results of batches in progress."""
        return self.path / "batches"

    @property
    def generated(self) -> Path:
        """`generated/<2 digits>/<sha256>`: what image generators sent, as it came."""
        return self.path / "generated"

    @property
    def collected(self) -> Path:
        """`collected/<manifest>.jsonl`: what became of the rows of collected manifests."""
        return self.path / "collected"

    @property
    def exports(self) -> Path:
        """`exports/<format>/`: the published files."""
        return self.path / "exports"

    @property
    def gate(self) -> Path:
        """`gate/<table>/<number>.jsonl`: values that people changed by hand, import by import."""
        return self.path / "gate"

    @property
    def reports(self) -> Path:
        """Folder reports: the report of the dataset, and the sheet for experts."""
        return self.path / "reports"

    @property
    def report(self) -> Path:
        """Folder of the report of the dataset."""
        return self.reports / "dataset"

    @property
    def report_page(self) -> Path:
        """The page of the report of the dataset."""
        return self.report / "index.html"

    @property
    def releases(self) -> Path:
        """`releases/<number>/`: what was released; a release is never changed."""
        return self.path / "releases"

    @property
    def training(self) -> Path:
        """`training/<job>/`: job folders, each with its latest run."""
        return self.path / "training"

    @property
    def state(self) -> Path:
        """Folder .dagster: runs, events and logs of Dagster."""
        return self.path / ".dagster"


def find_data_root(flag: Path | None = None) -> DataRoot:
    """Return the data root: the flag, else EEMO_DATA, else ./data."""
    if flag is not None:
        return DataRoot(flag)
    return DataRoot(Path(os.environ.get(VARIABLE) or DEFAULT))
