"""Turn EmoVIT's pickled checkpoint into tensors that can be read without running code.

    python convert_checkpoint.py model_weights1.pth emovit.safetensors

Belongs here: the conversion, once, in EmoVIT's environment, in a sandbox (see README.md). Does not
belong here: anything that the pipeline imports; it never opens a pickle. Runs on Python 3.8.
"""

import json
import sys
from hashlib import sha256
from pathlib import Path


def convert(source: Path, target: Path) -> None:
    """Write the tensors of the checkpoint to `target`, and both hashes beside it."""
    import torch  # pyright: ignore[reportMissingImports]
    from safetensors.torch import save_file  # pyright: ignore[reportMissingImports]

    try:  # a plain state dict needs no code
        loaded = torch.load(source, map_location="cpu", weights_only=True)
    except Exception:  # noqa: BLE001 (whatever it is, the next line is for the sandbox alone)
        sys.stderr.write("The file holds code. It is run now; this must be a sandbox.\n")
        loaded = torch.load(source, map_location="cpu", weights_only=False)
    state = loaded.state_dict() if hasattr(loaded, "state_dict") else loaded
    state = state.get("model", state)
    tensors = {
        # Shared storage cannot be written twice, so every tensor gets its own.
        name: tensor.detach().clone().contiguous()
        for name, tensor in state.items()
        if isinstance(tensor, torch.Tensor)
    }
    save_file(tensors, str(target))
    hashes = {"source_sha256": hash_file(source), "weights_sha256": hash_file(target)}
    target.with_suffix(".json").write_text(json.dumps(hashes, indent=2) + "\n", "utf-8")


def hash_file(path: Path) -> str:
    """SHA-256 of a file."""
    digest = sha256()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
