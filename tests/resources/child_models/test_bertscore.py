"""BERTScore through the real child process, with tiny random weights, and where it is not there."""

import sys
from pathlib import Path

import numpy as np
import pytest

from eemo_pipeline.stats.text_overlap import MissingMeasure
from resources.child_models.bertscore import BertScore, build_bertscore, open_bertscore
from resources.child_models.child_process import Child
from resources.child_models.model_folder import MissingModel

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "calm", "lake", "busy", "street"]
PAIRS = [("a calm lake", "a calm lake"), ("a busy street", "lake"), ("", "a"), ("lake calm", "a")]


def test_a_tiny_model_gives_the_values_of_the_definition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    (tmp_path / "vocab.txt").write_text("\n".join(WORDS), "utf-8")
    torch.manual_seed(0)
    small = {"hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2}
    config = transformers.BertConfig(vocab_size=len(WORDS), num_hidden_layers=2, **small)
    model = transformers.BertModel(config).eval()
    model.save_pretrained(tmp_path)
    tokenizer = transformers.BertTokenizer(str(tmp_path / "vocab.txt"))
    tokenizer.save_pretrained(tmp_path)

    def states(text: str) -> np.ndarray:
        with torch.no_grad():
            rows = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0]
        return (rows / rows.norm(dim=1, keepdim=True)).numpy()

    def f1(text: str, reference: str) -> float:
        if not text:
            return 0.0
        cosines = states(text) @ states(reference).T
        # The marks at both ends may be matched with, and are not matched themselves.
        precision, recall = (cosines.max(axis=side)[1:-1].mean() for side in (1, 0))
        return 2 * precision * recall / (precision + recall)

    monkeypatch.setenv("EEMO_BERTSCORE", str(tmp_path))
    with open_bertscore() as measure:
        assert measure is not None
        values = measure.compare(PAIRS)
        assert measure.compare(PAIRS[:1]) == values[:1]
    assert values == pytest.approx([f1(*pair) for pair in PAIRS], abs=1e-5)
    assert values[0] == pytest.approx(1)
    assert measure.name.startswith("BERTScore F1|bert|layer:2|idf:no|rescaled:no|weights:")


def test_without_a_model_there_is_no_measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("EEMO_BERTSCORE", raising=False)
    with open_bertscore() as measure:
        assert measure is None
    with pytest.raises(MissingModel, match=r"config\.json"):
        build_bertscore(str(tmp_path))


@pytest.mark.parametrize("answer", ['{"id": 1, "f1": [0.5, 0.5]}', '{"id": 1}', "no"])
def test_a_child_without_values_is_said(answer: str):
    command = [sys.executable, "-c", f"input(); print({answer!r})"]
    measure = BertScore("the model", Child(command, role="bertscore"))
    with pytest.raises(MissingMeasure, match="the model gave no values for 1 texts"):
        measure.compare([("a lake", "a lake")])
