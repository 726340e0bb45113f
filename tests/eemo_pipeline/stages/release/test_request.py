"""What the launchpad asks to release: settings in place of `release.yaml`, and what is refused."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.release import ReleaseConfig, ReleasedRows, build_release_builds
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.stages.release.manifest import Code, read_manifest
from eemo_pipeline.stages.release.request import ReleaseRefused
from tests.support.lakes import write_rows
from tests.support.releases import lay_release_root

CODE = Code(package="1", parts={}, assets={}, seeds={})
REDISTRIBUTABLE, EVERY = ReleasedRows.redistributable, ReleasedRows.every


def build(root: Path, **settings: Any) -> dict[str, Any]:
    """Call the asset as Dagster does, and return its metadata."""
    step = build_release_builds(lambda: CODE)
    with dg.build_asset_context() as context:
        result = step(context, ReleaseConfig(**settings), DataRoot(root))
    assert isinstance(result, dg.MaterializeResult)
    return dict(result.metadata or {})


def test_nothing_is_released_unless_rows_are_chosen(tmp_path: Path) -> None:
    root = lay_release_root(tmp_path / "root")
    assert build(root) == {"is_new": False}
    assert not (root / "releases").exists()


def test_the_licence_may_be_chosen_in_place_of_the_file(tmp_path: Path) -> None:
    root = lay_release_root(tmp_path / "root")
    chosen = {"licence": "cc0-1.0", "title": "Mine"}
    first = build(root, rows=REDISTRIBUTABLE, **chosen)
    (root / "release.yaml").unlink()
    again = build(root, rows=REDISTRIBUTABLE, **chosen)
    assert (first["is_new"], again["is_new"], again["digest"]) == (True, False, first["digest"])
    declared = read_manifest(root / "releases" / "1").declaration
    assert (declared.licence, declared.title) == ("cc0-1.0", "Mine")
    with pytest.raises(ReleaseRefused, match=r"nobody has stated the licence.*set the licence"):
        build(root, rows=REDISTRIBUTABLE)
    (root / "release.yaml").write_text("lisence: mit\n")
    with pytest.raises(ReleaseRefused, match=r"unknown key 'lisence'"):
        build(root, rows=REDISTRIBUTABLE, **chosen)


def test_a_refusal_says_what_where_why_and_which_setting(tmp_path: Path) -> None:
    root = lay_release_root(tmp_path / "root")
    with pytest.raises(ReleaseRefused) as refused:
        build(root, rows=EVERY)
    said = str(refused.value)
    assert "the terms of some sources forbid" in said
    assert str(root) in said
    assert "closed: no redistribution (4 items)" in said
    assert "set permitted to [closed]" in said
    terms = {"is_redistributable": False, "licence": "none given", "citation": "Someone 2020"}
    closed = [{"source": name, "title": name, **terms} for name in ("closed", "open")]
    write_rows(root, "sources__datasets", closed)
    with pytest.raises(ReleaseRefused, match=r"no row is left.*open: none given.*permitted to \["):
        build(root, rows=REDISTRIBUTABLE)
    with pytest.raises(ReleaseRefused, match="did you mean emotion6"):
        build(root, rows=EVERY, permitted=["emotio6"])
    (root / "tables" / "qa__items.parquet").unlink()
    with pytest.raises(ReleaseRefused, match=r"qa__items has not been built.*build the tables"):
        build(root, rows=EVERY)
    assert not (root / "releases").exists()
