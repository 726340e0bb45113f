"""The trusted verifier: a second judgement of every image, by a model of another kind.

Holds the embedded default (`linear_probe.py`), the verifier that asks a vision-language model
(`vlm_verifier.py`), and the conversion of texts, losses and scores to answers
(`answer_parsing.py`). Other verifiers are in `resources/child_models/` and `resources/roles/`.
The verifier's answer is weighed against the annotators' in `aggregation/decide.py`.
"""
