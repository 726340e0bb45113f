"""Convert EmoVIT's pickled checkpoint to tensors that can be read without running code.

    python convert_checkpoint.py model_weights1.pth emovit.safetensors

Run it once, on Python 3.8, in EmoVIT's environment and in a sandbox (see `README.md`). The pipeline
does not import it and never opens a pickle.
"""

import json
import sys
from hashlib import sha256
from pathlib import Path


def convert(source: Path, target: Path) -> None:
    """Write the tensors of the checkpoint to `target`, and the hashes of both files beside it."""
    import torch  # pyright: ignore[reportMissingImports]
    from safetensors.torch import save_file  # pyright: ignore[reportMissingImports]

    try:  # a plain state dict loads without running code
        loaded = torch.load(source, map_location="cpu", weights_only=True)
    except Exception:  # noqa: BLE001 (any error means that loading runs code, in the sandbox)
        sys.stderr.write("The file holds code. It is run now; this must be a sandbox.\n")
        loaded = torch.load(source, map_location="cpu", weights_only=False)
    state = loaded.state_dict() if hasattr(loaded, "state_dict") else loaded
    state = state.get("model", state)
    tensors = {
        # safetensors rejects tensors that share storage, so each is copied.
        name: tensor.detach().clone().contiguous()
        for name, tensor in state.items()
        if isinstance(tensor, torch.Tensor)
    }
    save_file(tensors, str(target))
    hashes = {"source_sha256": hash_file(source), "weights_sha256": hash_file(target)}
    target.with_suffix(".json").write_text(json.dumps(hashes, indent=2) + "\n", "utf-8")


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file as hex digits."""
    digest = sha256()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
