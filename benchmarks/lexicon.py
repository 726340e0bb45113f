"""Speed of converting comments to valence, arousal and dominance, compared with a plain loop.

Compares two implementations on the same comments of about 12 words and 13,915 rated lemmas, in
turn:

- the loop: per comment a regular expression, per word a look-up, else simplemma and a look-up, and
  the sums per image; it handles neither negation nor phrases;
- `score_comments`, with the same rule (negated words are counted), and with its default (negated
  words are left out).

Both are warm: simplemma's dictionary is loaded beforehand. The best round of each counts, because
other load can only slow a round down. Then `score_comments` runs at a quarter, one and ten times
the size, each in its own process, and prints its peak memory. The results of both implementations
are compared for every image. No threshold is asserted.

    python benchmarks/lexicon.py --comments 500000 --rounds 3
"""

import argparse
import re
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import polars as pl

from benchmarks.full_size import make_lake
from eemo_pipeline.stages.labels.lexicon import LexiconRules, score_comments
from eemo_pipeline.stages.labels.lexicon_trials import build_trials
from eemo_pipeline.stages.labels.lexicon_words import DIMENSIONS, normalise_words
from eemo_pipeline.stages.labels.vad import build_vad

PER_PICTURE = 6
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_TIMED = ("counted", "left_out")


def make_comments(count: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return `count` comments, about PER_PICTURE per image, and a lexicon."""
    lake = make_lake(count // PER_PICTURE * 125 // 85 + 1_000, count)
    comments = lake["ingest__annotations"].filter(source="affection")
    return comments.select("image_id", "source", "semantics", "comment"), lake["ingest__words"]


def score_in_a_loop(comments: pl.DataFrame, words: pl.DataFrame) -> dict[str, tuple[float, ...]]:
    """Return mean valence, arousal, dominance and the number of words of every image."""
    from simplemma import lemmatize

    lexicon = {row[0]: row[1:] for row in normalise_words(words, "warriner", "tenth").iter_rows()}
    sums: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0, 0])
    for image_id, text in comments.select("image_id", "comment").iter_rows():
        for word in _WORD.findall((text or "").lower()):
            found = lexicon.get(word) or lexicon.get(lemmatize(word, "en").lower())
            if found:
                total = sums[image_id]
                for axis in range(3):
                    total[axis] += found[axis]
                total[3] += 1
    return {
        image_id: (total[0] / total[3], total[1] / total[3], total[2] / total[3], total[3])
        for image_id, total in sums.items()
    }


def differ(loop: dict[str, tuple[float, ...]], ours: pl.DataFrame) -> int:
    """Count the images whose means differ by more than 1e-5 or whose numbers of words differ."""
    mine = {
        row[0]: row[1:]
        for row in ours.select("image_id", *DIMENSIONS, "lexicon_word_count").iter_rows()
    }
    return sum(
        image_id not in mine
        or any(abs(a - b) > 1e-5 for a, b in zip(values, mine[image_id], strict=True))
        for image_id, values in loop.items()
    ) + len(mine.keys() - loop.keys())


def measure_size(count: int) -> None:
    """Time `score_comments` at one size, and print seconds and peak memory."""
    comments, words = make_comments(count)
    score_comments(comments.head(1_000), words, LexiconRules())
    Path("/proc/self/clear_refs").write_text("5")  # reset the peak, which the generator caused
    before = _memory("VmRSS")
    start = time.perf_counter()
    scored = score_comments(comments, words, LexiconRules())
    seconds = time.perf_counter() - start
    speed, memory = comments.height / seconds, _memory("VmHWM") - before
    print(
        f"{comments.height:>10,} comments {scored.height:>9,} pictures {seconds:8.2f} s "
        f"{speed:>9,.0f}/s {memory:>6,.0f} MB more at the peak"
    )


def _memory(field: str) -> float:
    """Return the memory of this process in MiB, now (VmRSS) or at its peak (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))


def show_agreement() -> None:
    """Print how well each rule for negation agrees with the ratings of the synthetic lake."""
    lake = make_lake()
    vad = build_vad(
        lake["dedup__images"], lake["ingest__annotations"], lake["ingest__words"], LexiconRules()
    )
    trials = build_trials(lake["ingest__annotations"], lake["ingest__words"], vad, LexiconRules())
    for row in trials.filter(dimension="valence").iter_rows(named=True):
        print(
            f"{row['negation']:10} valence on {row['image_count']} pictures: "
            f"Pearson {row['pearson']}, mean absolute error {row['mean_absolute_error']}"
        )


def main() -> None:
    """Compare both implementations, then print how time and memory scale."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--comments", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", type=int, help="measure this size alone, and nothing else")
    arguments = parser.parse_args()
    if arguments.only:
        measure_size(arguments.only)
        return
    comments, words = make_comments(arguments.comments)
    tokens = comments["comment"].str.count_matches(r"\S+").sum()
    print(f"{comments.height:,} comments, {tokens:,} words, {words.height:,} rated lemmas")
    score_in_a_loop(comments.head(1_000), words)
    best = dict.fromkeys(("loop", *_TIMED), float("inf"))
    for _ in range(arguments.rounds):
        start = time.perf_counter()
        loop = score_in_a_loop(comments, words)
        best["loop"] = min(best["loop"], time.perf_counter() - start)
        for negation in _TIMED:
            start = time.perf_counter()
            ours = score_comments(comments, words, LexiconRules(negation=negation))
            best[negation] = min(best[negation], time.perf_counter() - start)
            if negation == "counted":
                print(f"pictures on which the loop and ours differ: {differ(loop, ours)}")
    for name, seconds in best.items():
        speed, ratio = comments.height / seconds, best["loop"] / seconds
        print(f"{name:10}{seconds:8.2f} s {speed:>9,.0f}/s {ratio:6.1f}x")
    show_agreement()
    for size in (arguments.comments // 4, arguments.comments, 10 * arguments.comments):
        subprocess.run([sys.executable, __file__, "--only", str(size)], check=True)


if __name__ == "__main__":
    main()
