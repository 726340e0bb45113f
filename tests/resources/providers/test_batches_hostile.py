"""Results of batches that are not what was promised."""

import io
from typing import Any

import pytest

from eemo_pipeline.ledger.accounts import add_up
from eemo_pipeline.vlm.batch import collection
from tests.support.batches import Desk

HOSTILE = [
    b"not JSON",
    b"[1, 2]",
    b"null",
    b'{"custom_id": 7, "key": 7}',
    b"{}",
    b'{"custom_id": "nobody", "key": "nobody", "response": {}}',
    b"[" * 100_000,
    b'{"custom_id": "' + b"x" * 5_000_000 + b'"}',
    b"\xff\xfe\x00",
]


def test_a_hostile_result_file_is_read_for_what_is_ours(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.submit()
    kind = type(desk.interface)
    fetch = kind.fetch

    def fetch_more(self: Any, result: str, into: Any) -> None:
        into.write(b"\n".join([*HOSTILE, b""]))
        good = io.BytesIO()
        fetch(self, result, good)  # type: ignore[arg-type]
        lines = good.getvalue().splitlines(keepends=True)
        into.write(b"".join([*lines, lines[0]]))

    monkeypatch.setattr(kind, "fetch", fetch_more)
    done = desk.finish()
    assert done.rows == {"answered": 6}
    assert dict(done.strays) == {
        "not_json": 3,
        "not_an_object": 2,
        "no_custom_id": 2,
        "unknown_custom_id": 1,
        "line_too_long": 1,
        "custom_id_twice": 1,
    }
    assert desk.tallies()[0].batch.stray_count == 10
    assert desk.spent() == desk.bill()["nano_usd"]


@pytest.mark.parametrize("kept", [b"", b'{"custom_id": "x", "key": "x"}\n'])
def test_rows_that_the_results_leave_out_are_sent_again(
    desk: Desk, kept: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.submit()
    monkeypatch.setattr(type(desk.interface), "fetch", lambda _, __, into: into.write(kept))
    assert desk.finish().rows == {"failed": 6}
    (account,) = add_up(desk.ledger)
    assert account.unpriced == 6
    assert desk.submit().submitted == 6


def test_an_endless_result_is_not_stored(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collection, "_SPARE_BYTES", 1 << 20)

    def flood(_: Any, __: str, into: Any) -> None:
        while True:
            into.write(b"x" * (1 << 18))

    desk.submit()
    monkeypatch.setattr(type(desk.interface), "fetch", flood)
    assert desk.finish().rows == {"failed": 6}
    assert {row["reason"] for row in desk.rows()} == {"result_too_large"}
    assert list((desk.root / "batches").iterdir()) == []


def test_hostile_replies_are_malformed_or_clean(desk: Desk) -> None:
    rules = [
        {"fault": "enormous", "endpoint": "batch", "first": 2},
        {"fault": "two_labels", "endpoint": "batch", "first": 2},
        {"fault": "empty", "endpoint": "batch", "first": 1},
        {"fault": "prose", "endpoint": "batch"},
    ]
    desk.server.follow({"rules": rules})
    desk.submit()
    assert desk.finish().rows == {"malformed": 5, "answered": 1}
    assert all(len(row["reply"] or "") <= 4000 for row in desk.rows())
    assert desk.spent() == desk.bill()["nano_usd"]
