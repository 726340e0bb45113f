"""Reproducibility across processors: images and tables have the same bytes on an older one.

This is the fourth law of `ARCHITECTURE.md`: same inputs, same bytes.
"""

import os
from pathlib import Path

import pytest

from tests.support.commands import run_eemo
from tests.support.hashing import PUBLISHED, hash_files

# Disables newer instruction sets in the libraries that select code by processor.
OLDER_PROCESSOR = {
    "OPENBLAS_CORETYPE": "Nehalem",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 X86_V3",
    "OPENCV_CPU_DISABLE": "AVX512_SKX,AVX2,AVX,FP16,SSE4_2,SSE4_1,SSSE3",
    "JSIMD_FORCENONE": "1",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4",
}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the settings are those of x86-64")
def test_an_older_processor_gives_the_same_bytes(
    demo_lake: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in OLDER_PROCESSOR.items():
        monkeypatch.setenv(name, value)
    answer = run_eemo("demo", "--data", tmp_path)
    assert answer.returncode == 0, answer.stderr
    parts = ("sources", *PUBLISHED)
    assert hash_files(tmp_path, parts) == hash_files(demo_lake, parts)
