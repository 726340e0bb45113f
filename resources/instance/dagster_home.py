"""Prepares and opens the Dagster instance of a data root.

Runs and events are stored by `event_storage.py`.
"""

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from eemo_pipeline.lake.data_root import DataRoot

# The same settings as dagster.yaml at the root of the repository. All folders have Dagster's
# defaults within DAGSTER_HOME, except `base_dir`, which has no default. Its value is inserted as
# JSON, which is valid YAML.
_SETTINGS = """\
storage:
  custom:
    module: resources.instance.event_storage
    class: RunHistory
    config:
      base_dir: %s
run_launcher:
  module: resources.instance.run_launcher
  class: WatchedRunLauncher
run_retries:
  enabled: true
  max_retries: 0
  retry_on_asset_or_op_failure: false
telemetry:
  enabled: false
nux:
  enabled: false
python_logs:
  python_log_level: INFO
  managed_python_loggers:
    - eemo_pipeline
    - resources
concurrency:
  pools:
    default_limit: 1
    granularity: op
run_monitoring:
  enabled: true
  free_slots_after_run_end_seconds: 5
  poll_interval_seconds: 10
"""
# The same as workspace.yaml at the root of the repository: sensors and schedules that are switched
# on under `dagster dev` are those of `eemo ui`.
_WORKSPACE = """\
load_from:
  - python_module:
      module_name: eemo_pipeline.definitions
      location_name: eemo_pipeline
"""


def prepare_home(data: Path) -> Path:
    """Return the DAGSTER_HOME of a data root, absolute, after writing its two YAML files."""
    home = DataRoot(data).state.resolve()
    home.mkdir(parents=True, exist_ok=True)
    _write(home / "dagster.yaml", _SETTINGS % json.dumps(str(home)))
    _write(home / "workspace.yaml", _WORKSPACE)
    return home


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")


@contextmanager
def open_instance(data: Path) -> Iterator[dg.DagsterInstance]:
    """Open the data root's Dagster instance, without warnings about preview interfaces."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)
        with dg.DagsterInstance.from_config(str(prepare_home(data))) as instance:
            yield instance
