"""The discrete-emotion embedding of EmoVerse, from cached hidden states: `python -m ... FOLDER`.

EmoVerse (section 4): f = W2 phi(W1 sum_k alpha_k h_{L-k} + b1) + b2; self-attention over the tokens
of f, then cross-attention back to f; a weighted pool of the result is the embedding. The backbone
is frozen and its states are cached (`hidden_states.py`), so the head alone is trained, by
cross-entropy with soft labels. The released code differs: `ReleasedHead`.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from eemo_pipeline.stages.training.job_failures import (
    explain_failures,
    not_finite,
)
from eemo_pipeline.stages.training.job_reporting import Reporter, open_job
from eemo_pipeline.stages.training.jobs.vision_language.base_models import require_gpus
from eemo_pipeline.stages.training.jobs.vision_language.conversations import read_samples

if TYPE_CHECKING:
    import torch  # pyright: ignore

EMBEDDINGS, WEIGHTS = "embeddings.parquet", "head.safetensors"
_CLASSES = 8
_HIDDEN = 512  # width of the classifier over the embedding, as released


def main(folder: Path) -> None:
    """Run the job that `folder` describes.

    Raises:
        IncompleteRun: the folder holds no job, or its inputs were altered.
        JobFailed: the training cannot go on; the message says why.
    """
    with open_job(folder) as reporter, explain_failures(reporter.job["parameters"], folder):
        require_gpus(reporter.job)
        _run(reporter)


def _run(reporter: Reporter) -> None:
    import torch  # pyright: ignore
    from safetensors.torch import save_file  # pyright: ignore

    folder, parameters = reporter.folder, reporter.job["parameters"]
    torch.manual_seed(parameters["seed"])
    if not torch.cuda.is_available():
        torch.set_num_threads(1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    samples = read_samples(folder, "samples")
    train = samples.filter((pl.col("split") == "train") & pl.col("target").is_not_null())
    width = next(_batches(folder, samples["image_id"].to_list()[:1], 1))[0].shape[-1]
    head = build_head(parameters, int(width)).to(device)
    last = _fit(head, train, reporter, device)
    embeddings, logits = _embed(head, samples["image_id"].to_list(), folder, parameters, device)
    frame = pl.DataFrame(
        {
            "image_id": samples["image_id"],
            "split": samples["split"],
            "embedding": pl.Series(embeddings, dtype=pl.List(pl.Float32)),
        }
    )
    frame.write_parquet(folder / EMBEDDINGS, compression="zstd")
    save_file(
        {name: value.contiguous().cpu() for name, value in head.state_dict().items()},
        folder / WEIGHTS,
    )
    result = {
        "status": "ok",
        "train_count": train.height,
        "train_loss": last,
        "step_count": parameters["epochs"] * -(-train.height // parameters["batch_size"]),
        **_score(samples, logits, train),
    }
    reporter.complete(result, EMBEDDINGS, (WEIGHTS,))


def build_head(parameters: Mapping[str, Any], width: int) -> Any:
    """Return the head of the recipe's variant: states and mask in, embedding and logits out."""
    return {"paper": _paper_head, "released": _released_head}[parameters["variant"]](
        parameters, width
    )


def _paper_head(parameters: Mapping[str, Any], width: int) -> Any:
    from torch import nn  # pyright: ignore

    size, heads, dropout = (parameters[key] for key in ("dimension", "heads", "dropout"))

    class PaperHead(nn.Module):
        """Learnt mix of layers, two attention blocks, masked attention pooling."""

        def __init__(self) -> None:
            super().__init__()
            import torch  # pyright: ignore

            self.alpha = nn.Parameter(torch.zeros(parameters["layers"]))
            self.project = nn.Sequential(
                nn.Linear(width, width), nn.GELU(), nn.Dropout(dropout), nn.Linear(width, size)
            )
            self.attend = nn.MultiheadAttention(size, heads, dropout, batch_first=True)
            self.cross = nn.MultiheadAttention(size, heads, dropout, batch_first=True)
            self.norms = nn.ModuleList([nn.LayerNorm(size), nn.LayerNorm(size)])
            self.pool = nn.Linear(size, 1, bias=False)
            self.classify = _classifier(size)

        def forward(self, states: Any, mask: Any) -> tuple[Any, Any]:
            """Return embedding (batch, size) and logits.

            Args:
                states: (batch, layers, tokens, width).
                mask: (batch, tokens), true for real tokens.
            """
            mixed = (states * self.alpha.softmax(0)[None, :, None, None]).sum(1)
            tokens = self.project(mixed)
            padded = ~mask
            own = self.attend(tokens, tokens, tokens, key_padding_mask=padded)[0]
            own = self.norms[0](tokens + own)
            crossed = self.cross(own, tokens, tokens, key_padding_mask=padded)[0]
            crossed = self.norms[1](own + crossed)
            weights = self.pool(crossed).squeeze(-1).masked_fill(padded, -1e9).softmax(1)
            embedding = (weights[..., None] * crossed).sum(1)
            return embedding, self.classify(embedding)

    return PaperHead()


def _released_head(parameters: Mapping[str, Any], width: int) -> Any:
    from torch import nn  # pyright: ignore

    size, heads, dropout = (parameters[key] for key in ("dimension", "heads", "dropout"))

    class ReleasedHead(nn.Module):
        """Plain mean of layers, one self-attention, mean over the length including padding."""

        def __init__(self) -> None:
            super().__init__()
            self.project = nn.Sequential(
                nn.Linear(width, width), nn.ReLU(), nn.Dropout(dropout),
                nn.Linear(width, size), nn.ReLU(), nn.Dropout(dropout),
            )  # fmt: skip
            self.attend = nn.MultiheadAttention(size, heads, dropout, batch_first=True)
            self.classify = _classifier(size)

        def forward(self, states: Any, mask: Any) -> tuple[Any, Any]:  # noqa: ARG002
            """Return embedding (batch, size) and logits; see `PaperHead`."""
            tokens = self.project(states.mean(1))
            attended = self.attend(tokens, tokens, tokens)[0]
            embedding = attended.mean(1)
            return embedding, self.classify(embedding)

    return ReleasedHead()


def _classifier(size: int) -> Any:
    from torch import nn  # pyright: ignore

    return nn.Sequential(
        nn.Linear(size, _HIDDEN), nn.ReLU(), nn.Dropout(0.2), nn.Linear(_HIDDEN, _CLASSES)
    )


def _fit(head: Any, train: pl.DataFrame, reporter: Reporter, device: str) -> float:
    """Train the head; return the mean loss of the last epoch."""
    import torch  # pyright: ignore

    folder, parameters = reporter.folder, reporter.job["parameters"]
    optimiser = torch.optim.AdamW(
        head.parameters(), lr=parameters["learning_rate"], weight_decay=parameters["weight_decay"]
    )
    targets = torch.tensor(train["target"].to_list())
    places = {image_id: place for place, image_id in enumerate(train["image_id"])}
    order, loss = np.random.default_rng(parameters["seed"]), float("nan")
    head.train()
    for epoch in range(1, parameters["epochs"] + 1):
        shuffled = [train["image_id"][int(place)] for place in order.permutation(train.height)]
        losses = []
        for states, mask, image_ids in _batches(folder, shuffled, parameters["batch_size"]):
            _, logits = head(states.to(device), mask.to(device))
            wanted = targets[[places[image_id] for image_id in image_ids]].to(device)
            error = torch.nn.functional.cross_entropy(logits, wanted)
            if not torch.isfinite(error):
                raise not_finite(f"the loss is {float(error)} in epoch {epoch}", parameters)
            optimiser.zero_grad()
            error.backward()
            torch.nn.utils.clip_grad_norm_(head.parameters(), parameters["max_grad_norm"])
            optimiser.step()
            losses.append(float(error))
        loss = round(sum(losses) / len(losses), 6)
        reporter.report_progress({"step": epoch, "steps": parameters["epochs"], "loss": loss})
    return loss


def _embed(
    head: Any, image_ids: Sequence[str], folder: Path, parameters: Mapping[str, Any], device: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return embeddings (images, dimension) float32, and logits (images, 8)."""
    import torch  # pyright: ignore

    head.eval()
    embeddings, logits = [], []
    with torch.no_grad():
        # One image at a time, so that an embedding does not depend on those beside it.
        for states, mask, _ in _batches(folder, image_ids, 1):
            embedding, scores = head(states.to(device), mask.to(device))
            embeddings.append(embedding.float().cpu().numpy())
            logits.append(scores.float().cpu().numpy())
    if not np.isfinite(found := np.concatenate(embeddings)).all():
        raise not_finite("embeddings are not finite", parameters)
    return found, np.concatenate(logits)


def _batches(
    folder: Path, image_ids: Sequence[str], size: int
) -> "Iterator[tuple[torch.Tensor, torch.Tensor, Sequence[str]]]":
    """Yield states (batch, layers, tokens, width) in float32, mask and image_ids, in order."""
    import torch  # pyright: ignore
    from safetensors.torch import load_file  # pyright: ignore

    for start in range(0, len(image_ids), size):
        chosen = image_ids[start : start + size]
        loaded = [
            load_file(folder / "states" / f"{image_id}.safetensors")["states"].float()
            for image_id in chosen
        ]
        longest = max(states.shape[1] for states in loaded)
        batch = torch.zeros(len(loaded), loaded[0].shape[0], longest, loaded[0].shape[2])
        mask = torch.zeros(len(loaded), longest, dtype=torch.bool)
        for place, states in enumerate(loaded):
            batch[place, :, : states.shape[1]] = states
            mask[place, : states.shape[1]] = True
        yield batch, mask, chosen


def _score(samples: pl.DataFrame, logits: np.ndarray, train: pl.DataFrame) -> dict[str, Any]:
    """Return accuracy, macro F1 and the baseline's accuracy on labelled images of the test part."""
    from sklearn.metrics import f1_score

    is_test = ((samples["split"] == "test") & samples["target"].is_not_null()).to_numpy()
    truth = _classes(samples.filter(pl.Series(is_test)))
    if not len(truth):
        return {"test_count": 0}
    guess = logits[is_test].argmax(axis=1)
    majority = np.bincount(_classes(train)).argmax()
    macro: Any = {"average": "macro", "zero_division": 0}
    return {
        "test_count": len(truth),
        "accuracy": round(float((guess == truth).mean()), 6),
        "macro_f1": round(float(f1_score(truth, guess, **macro)), 6),
        "baseline_accuracy": round(float((truth == majority).mean()), 6),
    }


def _classes(samples: pl.DataFrame) -> np.ndarray:
    """Return the emotion of the largest share; of equal ones the first in alphabetical order."""
    return np.array(samples["target"].to_list(), dtype=float).reshape(-1, _CLASSES).argmax(axis=1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
