"""BLEU and CIDEr-D beside the values of the programs that published numbers come from."""

import numpy as np
import pytest

from eemo_pipeline.stats.text_overlap import bleu_of, caption_words, cider_d, count_ngrams

TEXTS = [
    "a dog runs on the grass",
    "two people walk in a park at night",
    "the park is dark",
    "a red balloon over the sea at dusk over the sea",
]
REFERENCES = [
    ["a brown dog runs over the grass", "a dog is running on grass"],
    ["two people are walking in the park"],
    ["it is a dark park at night", "the park is dark"],
    ["a red balloon flies over the sea"],
]


def test_cider_equals_the_program_of_the_coco_captions() -> None:
    # The values of pycocoevalcap 1.2 on the same words.
    expected = [2.544674220029372, 1.8007627412355287, 5.633861542742729, 2.4539903233109244]
    assert cider_d(TEXTS, REFERENCES) == pytest.approx(expected)


def test_sums_of_ngrams_give_the_bleu_of_the_corpus() -> None:
    sacrebleu = pytest.importorskip("sacrebleu")
    firsts = [row[0] for row in REFERENCES]
    counts, signature = count_ngrams(TEXTS, firsts)
    (found,) = bleu_of(counts.sum(axis=0, keepdims=True))
    assert found == pytest.approx(sacrebleu.corpus_bleu(TEXTS, [firsts]).score)
    assert signature == "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0"


def test_the_tokeniser_drops_punctuation_and_case() -> None:
    text = "“It's a sun-dappled path!” (3.5 m, isn’t it?) _x_ …"  # noqa: RUF001
    assert caption_words(text) == [
        *("it's", "a", "sun-dappled", "path", "3.5", "m", "isn’t", "it", "x"),  # noqa: RUF001
    ]


def test_equal_texts_have_the_highest_value_and_empty_ones_the_lowest() -> None:
    best = cider_d([row[0] for row in REFERENCES], [[row[0]] for row in REFERENCES])
    assert best == pytest.approx(np.full(4, 10))
    assert cider_d([""] * 4, REFERENCES) == pytest.approx(np.zeros(4))
