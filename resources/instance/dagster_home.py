"""Where the Dagster instance of a data root lies, and how it is set up.

Belongs here: the folder, its settings, and opening it. Does not belong here: how runs and events
are stored (`run_history.py`), any run.
"""

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from eemo_pipeline.lake.data_root import DataRoot

# The settings of dagster.yaml at the root of the repository. Its places are those of DAGSTER_HOME,
# Dagster's defaults but for the one that has to be named, as JSON, which is YAML too.
_SETTINGS = """\
storage:
  custom:
    module: resources.instance.event_storage
    class: RunHistory
    config:
      base_dir: %s
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  pools:
    default_limit: 1
    granularity: op
"""


def prepare_home(data: Path) -> Path:
    """The DAGSTER_HOME of a data root, absolute, with its `dagster.yaml`."""
    home = DataRoot(data).state.resolve()
    home.mkdir(parents=True, exist_ok=True)
    settings, text = home / "dagster.yaml", _SETTINGS % json.dumps(str(home))
    if not settings.exists() or settings.read_text("utf-8") != text:
        settings.write_text(text, "utf-8")
    return home


@contextmanager
def open_instance(data: Path) -> Iterator[dg.DagsterInstance]:
    """The data root's Dagster instance, without Dagster's notes on its own interfaces."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)
        with dg.DagsterInstance.from_config(str(prepare_home(data))) as instance:
            yield instance
