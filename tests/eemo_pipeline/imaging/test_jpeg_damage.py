"""A JPEG of which data are lost is refused, wherever they are lost."""

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eemo_pipeline.imaging.jpeg_damage import MAX_SCANS
from eemo_pipeline.imaging.opening import measure_file
from tests.support.images import encode, paint

KINDS = {
    "baseline": {},
    "progressive": {"progressive": True},
    "optimised": {"optimize": True},
    "restarting": {"restart_marker_rows": 1},
    # A layout of colours that simplejpeg does not know.
    "cmyk": {"mode": "CMYK", "subsampling": "4:2:0"},
}


def save(mode: str = "RGB", **options: Any) -> bytes:
    return encode(paint(1).convert(mode), "JPEG", quality=90, **options)


WHOLE = {name: save(**options) for name, options in KINDS.items()}
END = b"\xff\xd9"


def outcome(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    answer: dict[str, Any] = measure_file(path)
    return "ok" if answer["status"] == "ok" else answer["reason"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_file_is_read(tmp_path: Path, kind: str) -> None:
    assert outcome(tmp_path / "a.jpg", WHOLE[kind]) == "ok"
    assert outcome(tmp_path / "b.jpg", WHOLE[kind] + b"bytes of another program") == "ok"
    padded = WHOLE[kind].removesuffix(END) + bytes(300) + END
    assert outcome(tmp_path / "c.jpg", padded) == "ok"


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(kind=st.sampled_from(sorted(KINDS)), share=st.floats(0.3, 0.9))
def test_a_file_that_ends_early_but_properly_is_refused(
    tmp_path: Path, kind: str, share: float
) -> None:
    content = WHOLE[kind]
    cut = content[: int(len(content) * share)].rstrip(b"\xff") + END
    assert outcome(tmp_path / "a.jpg", cut) in ("truncated", "damaged")


@pytest.mark.parametrize("kind", KINDS)
def test_garbage_in_the_middle_is_refused(tmp_path: Path, kind: str) -> None:
    content, noise = WHOLE[kind], np.random.default_rng(0).bytes(400).replace(b"\xff", b"\1")
    third = len(content) // 3
    spoiled = content[:third] + noise + content[third + len(noise) :]
    assert outcome(tmp_path / "a.jpg", spoiled) in ("truncated", "damaged")


def test_a_progressive_file_without_its_last_scans_is_refused(tmp_path: Path) -> None:
    content = WHOLE["progressive"]
    starts = [found.start() for found in re.finditer(b"\xff\xda", content)]
    assert len(starts) > 5
    for start in starts[1:]:
        # Tables of the next scan stay behind; libjpeg says nothing about this file.
        assert outcome(tmp_path / "a.jpg", content[:start] + END) == "truncated"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.integers(2, len(WHOLE["progressive"])), odd=st.binary(max_size=12), data=st.data())
def test_odd_bytes_anywhere_give_an_outcome(
    tmp_path: Path, place: int, odd: bytes, data: st.DataObject
) -> None:
    marker = data.draw(st.sampled_from([b"", b"\xff\xda", b"\xff\xc2", b"\xff\xda\0\1"]))
    content = WHOLE["progressive"]
    outcome(tmp_path / "a.jpg", content[:place] + marker + odd + content[place:])


def test_what_the_decoders_say_to_the_terminal_is_not_shown(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    content = WHOLE["cmyk"]
    assert outcome(tmp_path / "a.jpg", content[: len(content) // 2] + END) == "truncated"
    os.write(2, b"still there\n")
    assert capfd.readouterr().err == "still there\n"


def test_a_file_of_thousands_of_scans_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    content = WHOLE["progressive"]
    last = content.rfind(b"\xff\xda")
    scans = content[:last] + content[last:-2] * (MAX_SCANS + 1) + END
    assert outcome(tmp_path / "a.jpg", scans) == "took_too_long"
