"""Speed of the rewards: completions per second of each task, parsed and scored.

The aim is 10,000 completions in under a second on one core.

    python benchmarks/rewards.py
"""

import argparse
import sys
import time

from eemo_pipeline.aggregation.word_agreement import LEMMAS
from eemo_pipeline.emotion.candidate_lists import MIKELS_8_LIST
from eemo_pipeline.emotion.rewards import Gold, reward_completion
from eemo_pipeline.emotion.similarity import build_matrix
from eemo_pipeline.emotion.vad import MIKELS_RAW_ANCHORS

_THOUGHT = "<think>" + "The light is warm and people laugh. " * 40 + "</think>"
_ANSWERS = {
    "ranking": "Emotion ranking: fear, disgust, neutral",
    "vad": "Valence: 0.6250",
    "dominant_emotion": "Dominant emotion: excitement",
}


def main() -> int:
    """Score completions of 1,500 characters, and print one line per task."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--completions", type=int, default=10_000)
    count = parser.parse_args().completions
    matrix = build_matrix(MIKELS_8_LIST, MIKELS_RAW_ANCHORS, LEMMAS.compare)
    golds = {
        "ranking": Gold("ranking", ranking=("fear", "anger", "neutral")),
        "vad": Gold("vad", "valence", score=0.7),
        "dominant_emotion": Gold("dominant_emotion", label="awe", matrix=matrix),
    }
    for task, gold in golds.items():
        texts = [f"{_THOUGHT}<answer>{_ANSWERS[task]}</answer>"] * count
        began = time.perf_counter()
        total = sum(reward_completion(text, gold).total for text in texts)
        seconds = time.perf_counter() - began
        print(f"{task:<17} {count:,} completions in {seconds:.3f} s, mean {total / count:.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
