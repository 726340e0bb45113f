"""EmoVerse's Table 3 as an experiment: what cross-verification, critic and loop each contribute.

Belongs here: arms that run the pipeline's own functions with a part left out (`arms.py`), on the
lake's recorded answers and on made-up records whose truth is known (`made_records.py`); values
that are spoilt on purpose (`corruption.py`); scores with intervals (`scoring.py`) and the report.
Does not belong here: any rule of the pipeline; nothing here changes a record. No model is called:
what was not recorded is not asked.
"""
