"""The prompts that models of a benchmark are asked with; the texts are in `prompts/`."""

PROMPTS = (
    "choose-1",
    "describe-1",
    "dominant-emotion-1",
    "judge-1",
    "judge-criteria-1",
    "level-1",
    "ranking-1",
    "score-1",
)
