"""The trusted verifier: one more look at every picture, by a part of another kind.

Belongs here: the contract of a verifier (`asking.py`), the embedded default (`probe.py`), the
verifier that asks a vision-language model (`vision.py`), and how a label is read out of words or
losses (`reading.py`). Does not belong here: verifiers of the outside world (`resources/`), and how
the verifier's word is weighed against the annotators' (`eemo_pipeline/decisions/`).
"""
