"""EmoVerse's Table 3 as an experiment: the contribution of cross-verification, critic and loop.

The arms (`arms.py`) run the pipeline's own functions with a part left out, on the lake's recorded
answers and on synthetic records whose truth is known (`synthetic_records.py`). `corruption.py`
tests the critic on values corrupted on purpose, `scoring.py` computes scores with intervals, and
`report.py` writes the report. Nothing here changes a record or calls a model; an answer that was
not recorded stays missing.
"""
