"""BLEU and CIDEr-D beside the values of the programs that published numbers come from."""

import numpy as np
import pytest

from eemo_pipeline.stats.text_overlap import caption_words, cider_d, measure_overlap

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


def test_every_measure_has_a_signature_or_says_what_is_missing() -> None:
    found = {overlap.name: overlap for overlap in measure_overlap(TEXTS, REFERENCES)}
    assert list(found) == ["bleu_4", "cider_d", "bertscore_f1", "spice"]
    assert found["bleu_4"].value == pytest.approx(24.14732972755298)
    assert (
        found["bleu_4"].signature == "nrefs:var|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0"
    )
    assert found["cider_d"].value == pytest.approx(3.1083222068296386)
    for overlap in found.values():
        assert (overlap.value is None) == (overlap.signature is None) == bool(overlap.missing)


def test_the_tokeniser_drops_punctuation_and_case() -> None:
    text = "“It's a sun-dappled path!” (3.5 m, isn’t it?) _x_ …"  # noqa: RUF001
    assert caption_words(text) == [
        *("it's", "a", "sun-dappled", "path", "3.5", "m", "isn’t", "it", "x"),  # noqa: RUF001
    ]


def test_equal_texts_have_the_highest_value_and_empty_ones_the_lowest() -> None:
    best = cider_d([row[0] for row in REFERENCES], [[row[0]] for row in REFERENCES])
    assert best == pytest.approx(np.full(4, 10))
    assert cider_d([""] * 4, REFERENCES) == pytest.approx(np.zeros(4))


def test_a_text_without_a_reference_is_an_error() -> None:
    for texts, references in ((TEXTS, REFERENCES[:3]), ([], []), (["a"], [[]])):
        with pytest.raises(ValueError, match="reference"):
            measure_overlap(texts, references)
