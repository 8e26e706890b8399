"""Files as the original code writes them, filled by formula."""

import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import torch
from espnet_layouts import Shapes, Sizes
from formula_weights import filled
from torch import Tensor

LETTERS = "'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
CHARACTERS = ["<blank>", "<unk>", *LETTERS, "<space>", "<eos>"]
WIDTHS = (8, 12, 16, 20)
MULTILINGUAL = Sizes(vocab_size=len(CHARACTERS), widths=WIDTHS)


def settings(**changes: Any) -> dict[str, Any]:
    """The arguments of a small multilingual model, as ESPnet writes them."""
    sizes = {"adim": 32, "aheads": 4, "eunits": 48, "elayers": 2, "dunits": 48, "dlayers": 2}
    return {
        **sizes,
        "transformer_encoder_attn_layer_type": "rel_mha",
        "rel_pos_type": "latest",
        "cnn_module_kernel": 31,
        "macaron_style": 1,
        "use_cnn_module": 1,
        "zero_triu": False,
        "a_upsample_ratio": 1,
        "relu_type": "swish",
        "labels_type": "char",
        "char_list": CHARACTERS,
        **changes,
    }


def save_bare(path: Path, shapes: Shapes) -> Path:
    """A `.pth` with the weights alone."""
    torch.save(filled(shapes), path)
    return path


def save_zip(path: Path, weights: dict[str, Tensor], model_json: Any) -> Path:
    """A zip with model.pth and model.json in a folder of its own name."""
    inner = path.with_suffix(".inner")
    torch.save(weights, inner)
    with ZipFile(path, "w") as archive:
        archive.write(inner, f"{path.stem}/model.pth")
        archive.writestr(f"{path.stem}/model.json", json.dumps(model_json))
    inner.unlink()
    return path
