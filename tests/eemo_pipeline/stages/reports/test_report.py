"""The report: what it shows of a few images, to whom, and that it stays the same."""

import hashlib
import html
import io
import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from eemo_pipeline.execution.process_pool import Workers
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.sql_files import list_macros
from eemo_pipeline.lake.warehouse import open_tables, query
from eemo_pipeline.stages.reports.build import (
    Built,
    build_report,
    build_report_to_hand_out,
    build_report_without_images,
    list_report_tables,
    list_statements,
)
from eemo_pipeline.stages.reports.comparison import Change, NoReport, compare_reports
from eemo_pipeline.stages.reports.sections import SECTIONS
from tests.support.commands import call_eemo
from tests.support.lakes import publish_database, write_rows

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
HOSTILE = '<script>alert("x")</script>"><img src=http://evil.test/a.png>\u202e'
EMOTIONS = ("awe", "fear", "anger", "contentment")


def paint(place: Path, number: int) -> str:
    """Write an image; return its image_id."""
    written = io.BytesIO()
    Image.new("RGB", (80, 60), (20 * number, 90, 160)).save(written, "PNG")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(written.getvalue())
    return hashlib.sha256(written.getvalue()).hexdigest()


def write_root(root: Path, preserved: int = 3) -> list[str]:
    """Write the tables of four images; the last one's source may be passed on."""
    names = [f"{number}.png" for number in range(4)]
    sources = ["mine", "mine", "mine", "open"]
    ids = [
        paint(root / "sources" / source / name, number)
        for number, (source, name) in enumerate(zip(sources, names, strict=True))
    ]
    rows = list(zip(ids, sources, names, EMOTIONS, strict=True))
    write_rows(
        root,
        "sources__datasets",
        [
            {"source": "mine", "licence": "no redistribution", "is_redistributable": False},
            {"source": "open", "licence": "CC0-1.0", "is_redistributable": True},
        ],
    )
    image = {"split": "train", "width_px": 80, "height_px": 60, "occurrence_count": 1}
    write_rows(
        root,
        "dedup__images",
        [
            image | {"image_id": i, "source": s, "path": p, "sources": [s], "cluster_id": i}
            for i, s, p, _ in rows
        ],
    )
    label = {"taxonomy": "mikels8", "lost_mass": 0.0, "rater_count": 5}
    write_rows(
        root,
        "labels__emotions",
        [
            label | {"image_id": i, "emotion": e, "mass": mass}
            for i, _, _, first in rows
            for e, mass in ((first, 0.8), ("sadness", 0.2))
        ],
    )
    write_rows(
        root,
        "records__emoverse",
        [
            {
                "image_id": i,
                "emotion": e,
                "machine_emotion": "awe",
                "state": "preserved" if no < preserved else "dropped",
                "subject": HOSTILE,
                "attribute": "calm",
                "decided_by_people": [],
            }
            for no, (i, _, _, e) in enumerate(rows)
        ],
    )
    box = {"region_no": 1, "x1_px": 8.0, "y1_px": 6.0, "x2_px": 40.0, "y2_px": 30.0}
    # A mask of 8 x 6 px whose second and third column are foreground.
    mask = {"mask_size_px": [6, 8], "mask_counts": [6, 12, 30], "phrase": HOSTILE}
    write_rows(root, "records__regions", [box | mask | {"image_id": i} for i in ids])
    found = {"region_no": 1, "status": "ok", "mask_share": 0.1, "score": 0.5, "mask_score": 0.5}
    write_rows(root, "grounding__regions", [box | found | {"image_id": i} for i in ids])
    write_rows(
        root,
        "critic__verdicts",
        [
            {
                "image_id": ids[0],
                "round": 1,
                "field": "subject",
                "verdict": "revisable",
                "codes": ["SUBJ_VAGUE"],
                "finding": HOSTILE,
            }
        ],
    )
    return ids


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    pool = Workers(1)
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> DataRoot:
    place = DataRoot(tmp_path_factory.mktemp("reports") / "it's <root>")
    write_root(place.path)
    return place


@pytest.fixture(scope="module")
def built(root: DataRoot, workers: Workers) -> Built:
    return build_report(root, workers)


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def read_data(built: Built, name: str) -> list[dict[str, Any]]:
    content = json.loads((built.path.parent / "data" / f"{name}.json").read_text("utf-8"))
    return [dict(zip(content["columns"], row, strict=True)) for row in content["rows"]]


def test_sections_without_rows_say_what_fills_them(built: Built):
    page = built.path.read_text("utf-8")
    assert {"emotion_balance", "confusion", "boxes"} <= set(built.filled)
    assert {"valence_arousal", "costs"} <= set(built.empty)
    for section in SECTIONS:
        part = re.search(f'<section id="{section.name}".*?</section>', page, re.DOTALL)
        assert part
        said = html.unescape(part[0])
        assert (section.filled_by in said) == (section.name in built.empty), section.name


def test_every_filled_section_has_words_and_data_and_a_chart(built: Built):
    page = built.path.read_text("utf-8")
    for section in SECTIONS:
        if section.name not in built.filled:
            continue
        part = re.search(f'<section id="{section.name}".*?</section>', page, re.DOTALL)
        assert part
        assert "<p>" in part[0]
        assert "<table>" in part[0]
        for name in section.tables:
            assert (built.path.parent / "data" / f"{name}.json").is_file()


def test_numbers_are_those_of_the_tables(built: Built):
    assert built.summaries["confusion"].startswith(
        "Models and people's labels name the same emotion on 1 of 4 images (25 %)."
    )
    assert built.summaries["emotion_balance"].startswith(
        "By people's labels, 4 images have an emotion: anger, awe, contentment and fear lead with "
        "1, amusement, disgust, excitement and sadness have the fewest with 0."
    )
    counts = {row["emotion"]: row["people_labels"] for row in read_data(built, "emotion_balance")}
    assert {emotion for emotion, count in counts.items() if count} == set(EMOTIONS)


def test_text_of_datasets_is_never_markup(built: Built):
    page = built.path.read_text("utf-8")
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "<img src=http" not in page
    assert "\u202e" not in page
    assert "default-src 'none'" in page


def test_the_gallery_has_boxes_masks_votes_and_warnings(built: Built):
    page = built.path.read_text("utf-8")
    assert '<rect class="box" x="8.0" y="6.0" width="32.0" height="24.0"/>' in page
    mask = re.search(r'<path class="mask" d="M([^"]+)Z"', page)
    assert mask
    assert {point.split()[0] for point in mask[1].split("L")} == {"15", "25"}  # of 80 px
    assert "labels of the source: awe" in page
    assert "subject revisable: " in page
    assert re.search(r'<details class="emotion" id="gallery-fear">', page)  # closed
    assert re.search(r'<details class="emotion" id="gallery-awe" open>', page)


def test_the_most_disputed_images_are_those_of_the_macro(root: DataRoot, built: Built):
    assert any(macro.name == "disputed" for macro in list_macros())
    publish_database(root.path)
    _, rows = query(root.database, "select image_id, dispute from disputed()")
    shown = {
        row["image_id"]: row["dispute"]
        for row in read_data(built, "gallery")
        if row["drawn_as"] == "disputed"
    }
    assert shown == dict(rows)


def test_the_same_tables_give_the_same_bytes(root: DataRoot, workers: Workers, built: Built):
    before = files_of(built.path.parent)
    shutil.rmtree(built.path.parent / "thumbs")
    again = build_report(root, workers)
    assert files_of(again.path.parent) == before


def test_the_date_of_the_page_is_that_of_the_tables_or_the_one_that_is_set(
    root: DataRoot, workers: Workers, built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    newest = max(path.stat().st_mtime for path in root.tables.rglob("*.parquet"))
    assert f"tables of {datetime.fromtimestamp(newest, UTC):%Y-%m-%d} " in built.path.read_text()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    page = build_report_without_images(root, tmp_path / "dated", workers).path.read_text("utf-8")
    assert "tables of 1970-01-02 " in page
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    refused = call_eemo("report", "build", "--data", root.path, "--to", tmp_path / "refused")
    assert refused.returncode == 2
    assert "SOURCE_DATE_EPOCH" in refused.stderr
    assert not (tmp_path / "refused" / "index.html").exists()


def test_images_that_may_not_leave_stay(
    root: DataRoot, workers: Workers, built: Built, tmp_path: Path
):
    assert (built.thumbnails, built.closed, built.hidden) == (4, 3, 0)
    assert "may not leave the data root" in built.path.read_text("utf-8")
    out = build_report_to_hand_out(root, tmp_path / "out", workers)
    assert (out.thumbnails, out.closed, out.hidden) == (1, 0, 3)
    assert len(list((tmp_path / "out" / "thumbs").iterdir())) == 1
    assert "not shown: no redistribution" in out.path.read_text("utf-8")
    permitted = build_report_to_hand_out(root, tmp_path / "out", workers, ["mine"])
    assert permitted.thumbnails == 4
    without = build_report_without_images(root, tmp_path / "out", workers)
    assert (without.thumbnails, without.hidden) == (0, 4)
    assert not list((tmp_path / "out" / "thumbs").iterdir())


def test_an_image_that_is_gone_is_said_to_be(workers: Workers, tmp_path: Path):
    root = DataRoot(tmp_path / "root")
    write_root(root.path)
    (root.sources / "mine" / "0.png").unlink()
    (root.sources / "mine" / "1.png").write_bytes(b"another file")
    built = build_report(root, workers)
    page = built.path.read_text("utf-8")
    assert "not shown: unreadable_file" in page
    assert "not shown: changed_since_ingest" in page
    assert (built.thumbnails, built.hidden) == (2, 2)


def test_an_empty_data_root_has_a_report(workers: Workers, tmp_path: Path):
    built = build_report(DataRoot(tmp_path), workers)
    assert built.filled == ()
    assert "Nothing to show yet" in built.path.read_text("utf-8")


def test_a_difference_names_the_number_that_moved(
    workers: Workers, built: Built, tmp_path: Path, root: DataRoot
):
    assert compare_reports(built.path.parent, built.path.parent) == []
    other = DataRoot(tmp_path / "other")
    write_root(other.path, preserved=2)
    later = build_report(other, workers)
    changes = compare_reports(built.path.parent, later.path.parent)
    assert Change("emotion_balance", "anger", "records", 1, 0) in changes
    # The bins of a table have names of their own, so that a new one does not shift the others.
    source = "mine, train, anger"
    assert Change("emotion_balance_by_source", source, "records", 1, 0) in changes
    assert all("(2)" not in change.row for change in changes)
    answer = call_eemo("report", "diff", built.path.parent, later.path.parent, "--json")
    assert answer.returncode == 0
    moved = [(c["table"], c["row"], c["column"]) for c in json.loads(answer.stdout)["changes"]]
    assert ("emotion_balance", "anger", "records") in moved
    with pytest.raises(NoReport):
        compare_reports(built.path.parent, tmp_path)
    assert call_eemo("report", "diff", built.path.parent, tmp_path).returncode == 1


def test_the_command_writes_outside_the_data_root_alone(root: DataRoot, tmp_path: Path):
    answer = call_eemo("report", "build", "--data", root.path, "--to", tmp_path / "a", "--json")
    assert json.loads(answer.stdout)["images"] == 1
    inside = call_eemo("report", "build", "--data", root.path, "--to", root.path / "x")
    assert inside.returncode == 2
    assert "lies inside the data root" in inside.stderr
    empty = call_eemo("report", "build", "--data", tmp_path / "none")
    assert empty.returncode == 1
    assert "eemo" in empty.stderr
    broken = tmp_path / "broken" / "tables" / "costs__calls.parquet"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"no table")
    damaged = call_eemo("report", "build", "--data", tmp_path / "broken")
    assert damaged.returncode == 1
    assert "a table cannot be read" in damaged.stderr
    assert "costs__calls" in damaged.stderr
    unbuilt = call_eemo("report", "open", "--data", tmp_path / "none")
    assert "report build" in unbuilt.stderr


def test_the_tables_that_are_read_are_those_named(root: DataRoot):
    tables = list_report_tables()
    assert {"records__emoverse", "review__votes", "sources__datasets"} <= set(tables)
    assert not [name for name in tables if name.startswith("training")]
    with open_tables(root.tables, [s.sql for s in list_statements().values()]) as connection:
        found = {
            name
            for (name,) in connection.execute("select view_name from duckdb_views()").fetchall()
        }
    assert set(tables) <= found | {"ingest__records", "sources__datasets"}


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--no-first-run"]
        )
        yield launched
        launched.close()


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_works_from_disk_for_everybody(
    browser: "Browser", built: Built, tmp_path: Path, scheme: Any
):
    """No request fails, nothing is asked of a network, and axe finds nothing serious."""
    from axe_playwright_python.sync_playwright import Axe

    # axe is a script, which the page's policy forbids; the policy itself is tested without it.
    page = browser.new_context(offline=True, color_scheme=scheme, bypass_csp=True).new_page()
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("requestfailed", lambda request: wrong.append(request.url))
    page.goto(built.path.resolve().as_uri())
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    page.evaluate("for (const image of document.images) image.loading = 'eager'")
    page.wait_for_function("[...document.images].every((i) => i.complete && i.naturalWidth > 0)")
    assert page.evaluate("document.images.length") > 3
    assert wrong == []
    assert [url for url in asked if not url.startswith("file:")] == []
    found = [
        (one["id"], [node["html"] for node in one["nodes"]][:3])
        for one in Axe().run(page).response["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    assert found == []
    assert page.locator(".box").first.is_visible()
    page.locator("#show-boxes").uncheck()
    assert not page.locator(".box").first.is_visible()
    tiles = page.locator(".tile:visible")
    every, of_all = tiles.count(), page.locator(".of-all:visible").count()
    page.get_by_label("open", exact=True).check()
    assert 0 < tiles.count() < every
    assert of_all > 0 == page.locator(".of-all:visible").count()
    assert page.locator("#emotion_balance .of-source:visible").count() == 1
    shown = page.locator("#emotion_balance .of-source:visible").text_content() or ""
    assert shown.startswith("Images of open per emotion")
    page.get_by_label("every source").check()
    assert tiles.count() == every
    page.context.close()


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_the_policy_of_the_page_allows_what_it_holds(browser: "Browser", built: Built):
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(built.path.resolve().as_uri())
    assert page.evaluate("getComputedStyle(document.querySelector('.skip')).position") == "absolute"
    assert said == []
    # A link to an image opens what hides it.
    anchor = page.locator("#gallery-fear .tile").first.get_attribute("id")
    assert not page.locator(f"#{anchor}").is_visible()
    page.goto(f"{built.path.resolve().as_uri()}#{anchor}")
    assert page.locator(f"#{anchor}").is_visible()
    page.close()
