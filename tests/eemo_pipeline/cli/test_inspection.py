"""Questions to a data root: sql, explain, sources; the answers and the mistakes."""

import io
import json
import re
import shlex
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest

from eemo_pipeline.cli.inspection import show_sources, show_status
from eemo_pipeline.stages.sources import known_sources
from tests.support.commands import call_eemo, run_on_terminal
from tests.support.lakes import publish_database, write_rows

EEMO = Path(sys.executable).parent / "eemo"
FIRST = sha256(b"first").hexdigest()


def test_sql_answers_in_tab_separated_lines(built: Path) -> None:
    answer = call_eemo(
        "sql", "select path, 1 as one from ingest__images order by path", "--data", built
    )
    assert answer.returncode == 0
    assert answer.stdout == "path\tone\na.jpg\t1\nb.jpg\t1\nsub/c.jpg\t1\n"


def test_sql_answers_in_json(built: Path) -> None:
    query = "select 1 as a, 2 as a, [1.5, null] as b, 'nan'::double as c, {'x': true} as d"
    answer = call_eemo("sql", query, "--data", built, "--json")
    assert json.loads(answer.stdout) == [
        {"a": 1, "a_2": 2, "b": [1.5, None], "c": None, "d": {"x": True}}
    ]


def test_hostile_text_reaches_neither_pipe_nor_terminal(built: Path) -> None:
    words = ("sql", "select detail from ingest__rejects", "--data", built)
    clean = "[bold red]markup[/] red2J turned\\ttab\\nline"
    assert call_eemo(*words).stdout == f"detail\n{clean}\n"
    assert clean in run_on_terminal(*words, NO_COLOR="1")
    as_json = call_eemo(*words, "--json").stdout
    assert json.loads(as_json)[0]["detail"].startswith("[bold red]markup[/] \x1b]0;title")
    assert not any(mark in as_json for mark in "\x1b\x9b\u202e")


def test_no_color_is_honoured(built: Path) -> None:
    words = ("doctor", "--data", built)
    assert "\x1b[" in run_on_terminal(*words)
    assert "\x1b[" not in run_on_terminal(*words, NO_COLOR="1")


def test_a_terminal_is_not_flooded(built: Path) -> None:
    shown = run_on_terminal(
        "sql", "select range as r from range(2000)", "--data", built, NO_COLOR="1"
    )
    assert "499" in shown
    assert "500" not in shown


def test_a_reader_that_leaves_is_not_an_error(built: Path) -> None:
    program = f"set -o pipefail; {EEMO} sql 'from range(200000)' --data '{built}' | head -1"
    answer = subprocess.run(
        ["bash", "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert (answer.stdout, answer.stderr, answer.returncode) == ("range\n", "", 0)


def test_a_wrong_query_is_told_in_duckdbs_words(built: Path) -> None:
    answer = call_eemo("sql", "select colour from ingest__images", "--data", built)
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert 'why: Binder Error: Referenced column "colour" not found' in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("query", ["drop table ingest__images", "copy (select 1) to 'out.csv'"])
def test_a_query_changes_nothing(built: Path, tmp_path: Path, query: str) -> None:
    assert call_eemo("sql", query, "--data", built).returncode == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [("sql", "select 1"), ("explain", "abcd")])
def test_without_a_database_the_fix_is_named(words: tuple[str, ...]) -> None:
    answer = call_eemo(*words, "--data", "none")
    assert answer.returncode == 1
    assert "eemo demo" in answer.stderr


def test_a_damaged_database_is_not_blamed_on_the_query(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "eemo.duckdb").write_bytes(b"not a database" * 1000)
    answer = call_eemo("sql", "select 1", "--data", "root")
    assert answer.returncode == 1
    assert "rm root/eemo.duckdb" in answer.stderr


def test_explain_tells_the_history_in_stage_order(built: Path) -> None:
    answer = call_eemo("explain", FIRST[:6], "--data", built, "--json")
    told = json.loads(answer.stdout)
    assert [part["table"] for part in told] == ["ingest__records", "ingest__images"]
    assert told[1]["rows"][0]["image_id"] == FIRST
    text = call_eemo("explain", FIRST[:6].upper(), "--data", built).stdout
    assert text.splitlines()[0] == f"image {FIRST}"
    assert "ingest  ingest__images" in text


def test_explain_takes_a_file_by_its_bytes(built: Path, tmp_path: Path) -> None:
    (tmp_path / "renamed.png").write_bytes(b"first")
    assert FIRST in call_eemo("explain", "renamed.png", "--data", built).stdout


def test_explain_takes_a_path_as_its_source_lists_it(built: Path) -> None:
    answer = call_eemo("explain", "sub/c.jpg", "--data", built)
    assert sha256(b"third").hexdigest() in answer.stdout


@pytest.mark.parametrize("where", ["broken.jpg", "sources/folder/broken.jpg"])
def test_explain_tells_why_a_file_was_refused(built: Path, where: str) -> None:
    named = built / where if "/" in where else Path(where)
    answer = call_eemo("explain", named, "--data", built)
    assert answer.returncode == 0
    assert "truncated" in answer.stdout


def test_an_unknown_file_is_said_to_be_unknown(built: Path, tmp_path: Path) -> None:
    (tmp_path / "new.png").write_bytes(b"never read")
    answer = call_eemo("explain", "new.png", "--data", built)
    assert answer.returncode == 1
    assert "not in the data root" in answer.stderr
    (listing,) = [shlex.split(line) for line in answer.stderr.splitlines() if " sql " in line]
    assert FIRST in call_eemo(*listing[listing.index("sql") :], "--json").stdout


def test_an_unknown_id_gets_its_near_misses(built: Path) -> None:
    other = "0" if FIRST[2] != "0" else "1"
    answer = call_eemo("explain", FIRST[:2] + other + FIRST[3:10], "--data", built)
    assert answer.returncode == 1
    assert f"explain {FIRST[:16]}" in answer.stderr


def test_an_ambiguous_prefix_lists_the_candidates(tmp_path: Path) -> None:
    root = tmp_path / "root"
    pair = ["abcd" + "0" * 60, "abcd" + "1" * 60]
    write_rows(root, "ingest__images", [{"image_id": image_id} for image_id in pair])
    publish_database(root)
    answer = call_eemo("explain", "abcd", "--data", "root")
    assert answer.returncode == 2
    assert all(image_id[:16] in answer.stderr for image_id in pair)


@pytest.mark.parametrize(
    "image", ["abc", "xyz", "0" * 65, "' or 1=1 --", "", ".", "caf\udce9", "g" * 5000]
)
def test_what_is_no_id_is_a_usage_error(built: Path, image: str) -> None:
    answer = call_eemo("explain", image, "--data", built)
    assert answer.returncode == 2
    assert "fix:" in answer.stderr


def test_a_database_of_another_version_is_told_with_the_fix(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    duckdb.connect(str(tmp_path / "root" / "eemo.duckdb")).close()
    answer = call_eemo("explain", "abcd", "--data", "root")
    assert answer.returncode == 1
    assert "run --data root" in answer.stderr


def test_sources_lists_every_known_dataset(tmp_path: Path) -> None:
    listed = json.loads(call_eemo("sources", "--data", "none", "--json").stdout)
    assert [source["source"] for source in listed] == list(known_sources())
    assert {source["state"] for source in listed} <= {"absent"}
    header = call_eemo("sources", "--data", "none").stdout.splitlines()[0]
    assert header == "source\trole\tstate\tfound\texpected\tlicence\tmissing"
    assert list(tmp_path.iterdir()) == []


def test_status_of_no_data_root_makes_none(tmp_path: Path) -> None:
    answer = call_eemo("status", "--data", "none")
    assert answer.returncode == 1
    assert "eemo demo" in answer.stderr
    assert list(tmp_path.iterdir()) == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_status_fits_a_terminal_of_80_columns(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "stdout", terminal)
    show_status(built, as_json=False)
    lines = re.sub("\x1b\\[[0-9;]*m", "", terminal.getvalue()).splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.strip().startswith("_evaluation__attribute_ablations ") for line in lines)


def test_sources_take_a_line_each_on_a_narrow_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "stdout", terminal)
    show_sources(tmp_path, as_json=False)
    lines = re.sub("\x1b\\[[0-9;]*m", "", terminal.getvalue()).splitlines()
    assert max(map(len, lines)) <= 80
    assert len([line for line in lines if " absent " in line]) == len(known_sources())
    assert len(lines) < len(known_sources()) + 6


def test_explain_begins_with_a_summary(built: Path) -> None:
    lines = call_eemo("explain", "sub/c.jpg", "--data", built).stdout.splitlines()
    assert [line.split() for line in lines[1:3]] == [["file", "sub/c.jpg"], []]
    refused = call_eemo("explain", "broken.jpg", "--data", built).stdout.splitlines()
    assert refused[1].split()[:3] == ["refused", "folder:", "truncated,"]


def test_a_wide_row_is_read_down_its_columns(built: Path) -> None:
    query = "select image_id, * exclude image_id from ingest__images limit 2"
    lines = run_on_terminal("sql", query, "--data", built, NO_COLOR="1").splitlines()
    assert [line for line in lines if line.startswith("row ")] == ["row 1", "row 2"]
    assert lines[1].split()[0] == "image_id"


def test_an_error_is_an_object_under_json(built: Path) -> None:
    answer = call_eemo("sql", "select colour from ingest__images", "--data", built, "--json")
    assert answer.returncode == 2
    told = json.loads(answer.stdout)["error"]
    assert told["what"] == "the query failed"
    assert told["exit_code"] == 2
    assert "show tables" in told["fixes"][0]
    assert "error: the query failed" in answer.stderr


def test_a_long_text_of_blanks_does_not_end_a_record(built: Path) -> None:
    query = "select repeat(' ', 500) as a, 'end' as z, * from ingest__images limit 1"
    assert "end" in run_on_terminal("sql", query, "--data", built, NO_COLOR="1").split()
