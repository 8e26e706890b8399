"""Encoders: models that were pre-trained and turn recordings into features, without any text."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from viseme.config import from_dict
from viseme.errors import ModelError
from viseme.models.folder import ModelFolder, fill, pick_device


@dataclass(frozen=True)
class EncodingConfig:
    """How an encoder is used; kept in its model folder.

    Attributes:
        modality: "video", "audio", or "av" for an encoder of each.
        crop_size: side of the window that the network sees of a mouth ROI, px.
        normalise_waveform: bring sound to zero mean and unit variance first.
    """

    modality: str = "video"
    crop_size: int = 88
    normalise_waveform: bool = True


class Encoder:
    """A loaded encoder.

    Attributes:
        precision: that the network computes in.
    """

    precision = "float32"

    def __init__(self, name: str, network: Any, config: EncodingConfig, device: str) -> None:
        self.name, self.config = name, config
        self.device = torch.device(device)
        self.network: Any = network.to(self.device).eval()

    @torch.inference_mode()
    def encode(self, stream: Tensor, lengths: Tensor) -> Tensor:
        """Features (B, T, D) of normalised video (B, T, 1, H, W) or of waveforms (B, 640 T).

        What lies after lengths (B,) frames of 1/25 s must be zero.

        Raises:
            ModelError: the model has no encoder for this stream.
        """
        stream, lengths = stream.to(self.device), lengths.to(self.device)
        is_video, modality = stream.ndim == 5, "video" if stream.ndim == 5 else "audio"
        if self.config.modality not in (modality, "av"):
            raise ModelError(
                f"{self.name} encodes {self.config.modality}, not {modality}",
                todo="Video is (B, T, 1, H, W), sound (B, 640 T).",
            )
        return self.network.encode(*((stream, None) if is_video else (None, stream)), lengths)


def open_encoder(
    folder: ModelFolder, network: Callable[[dict[str, Any], int], nn.Module], device: str
) -> Encoder:
    """The encoder in a model folder.

    Args:
        folder: of the model.
        network: makes the system's network of the folder's settings and a vocabulary of none.
        device: "auto", "cpu" or "cuda".

    Raises:
        ModelError: the weights do not fit the settings; missing, extra and misshapen ones are told.
    """
    made = network(folder.config, 0)
    fill(made, folder.weights(), folder.path)
    # Encoders that were imported before there were kinds also say how to search.
    use = {name: folder.use[name] for name in vars(EncodingConfig()) if name in folder.use}
    return Encoder(folder.name, made, from_dict(EncodingConfig, use), pick_device(device))
