"""Sentence embeddings through the real child process, with tiny random weights."""

import sys
from pathlib import Path

import pytest

from resources.child_models.child_process import Child
from resources.child_models.sentence_similarity import (
    SentenceSimilarity,
    SimilarityFailed,
    build_sentence_similarity,
)
from resources.text_similarity import BadSimilarity, build_similarity


def test_a_measure_that_does_not_exist_is_refused():
    assert build_similarity("lemmas").compare([("a lake", "lakes")]) == [1.0]
    for text in ("embeddings", "bleu", ""):
        with pytest.raises(BadSimilarity, match="EEMO_SIMILARITY"):
            build_similarity(text)


@pytest.mark.parametrize("answer", ['{"id": 1, "vectors": [[1, "x"]]}', '{"id": 1}', "no"])
def test_a_child_without_vectors_stops_the_run_and_says_how_to_go_on(answer):
    command = [sys.executable, "-c", f"input(); print({answer!r})"]
    measure = SentenceSimilarity("broken", Child(command, role="similarity"))
    with pytest.raises(SimilarityFailed, match="EEMO_SIMILARITY=lemmas"):
        measure.compare([("a lake", "a lake")])


def test_a_tiny_model_compares_texts(tmp_path: Path):
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "calm", "lake", "busy", "street"]
    (tmp_path / "vocab.txt").write_text("\n".join(words), "utf-8")
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    )
    transformers.BertModel(config).save_pretrained(tmp_path)
    transformers.BertTokenizer(str(tmp_path / "vocab.txt")).save_pretrained(tmp_path)
    measure = build_sentence_similarity(str(tmp_path))
    assert measure.name.startswith("sentence embeddings bert")
    same, back, there, empty = measure.compare(
        [
            ("a calm lake", "a calm lake"),
            ("a busy street", "a calm lake"),
            ("a calm lake", "a busy street"),
            ("", "a"),
        ]
    )
    measure.child.close()
    assert same == pytest.approx(1)
    assert back == there < 1
    assert 0 <= empty <= 1
