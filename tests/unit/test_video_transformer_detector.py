"""The loading code of the transformers detectors, on tiny networks that know nothing."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from models.video.detector import LABELS, Detection, Window
from models.video.transformer_detector import (
    TransformerDetector,
    WrongWeights,
    _corners,
    _detections,
)

FRAME = np.random.default_rng(1).integers(0, 255, (120, 160, 3), dtype=np.uint8)
NAMES = {0: "person", 1: "kite", 2: "motorbike"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A randomly initialised D-FINE with two layers and 20 queries, saved as a hub has it."""
    import torch
    from transformers import DFineConfig, DFineForObjectDetection

    torch.manual_seed(3)
    config = DFineConfig(
        d_model=32,
        encoder_hidden_dim=32,
        encoder_ffn_dim=32,
        encoder_in_channels=[16, 32, 64],
        feat_strides=[8, 16, 32],
        decoder_in_channels=[32, 32, 32],
        decoder_ffn_dim=32,
        decoder_layers=2,
        decoder_attention_heads=2,
        encoder_attention_heads=2,
        num_queries=20,
        num_denoising=0,
        hidden_expansion=0.5,
        id2label=NAMES,
        label2id={name: i for i, name in NAMES.items()},
        backbone_config={
            "model_type": "hgnet_v2",
            "stem_channels": [3, 8, 8],
            "embedding_size": 8,
            "hidden_sizes": [8, 16, 32, 64],
            "depths": [1, 1, 1, 1],
            "stage_in_channels": [8, 8, 16, 32],
            "stage_mid_channels": [8, 8, 8, 8],
            "stage_out_channels": [8, 16, 32, 64],
            "stage_num_blocks": [1, 1, 1, 1],
            "stage_numb_of_layers": [1, 1, 1, 1],
            "stage_downsample": [False, True, True, True],
            "stage_light_block": [False, False, True, True],
            "stage_kernel_size": [3, 3, 5, 5],
            "out_features": ["stage2", "stage3", "stage4"],
        },
    )
    path = tmp_path_factory.mktemp("hub") / "d-fine"
    DFineForObjectDetection(config).save_pretrained(path)
    return path


def pinned(folder) -> TransformerDetector:
    content = (folder / "model.safetensors").read_bytes()
    return TransformerDetector(folder, hashlib.sha256(content).hexdigest(), min_score=0.0)


def test_saved_network_loads_and_gives_boxes_within_the_frame(folder):
    found = pinned(folder).detect(FRAME)
    assert len(found) == 20
    assert {one.label for one in found} <= set(LABELS)
    assert all(0 <= one.x0 <= one.x1 <= 160 and 0 <= one.y0 <= one.y1 <= 120 for one in found)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert replace(pinned(folder), min_score=1.0).detect(FRAME) == []


def test_windows_leave_only_what_lies_in_them(folder):
    detector = pinned(folder)
    assert detector.detect(FRAME, []) == []
    some = detector.detect(FRAME, [Window(0, 0, 1, 1)])
    assert set(some) < set(detector.detect(FRAME))


def test_another_revision_is_refused(folder):
    with pytest.raises(WrongWeights, match=r"d-fine: sha256 .*pinned is 0000"):
        TransformerDetector(folder, "0" * 64).detect(FRAME)
    with pytest.raises(WrongWeights, match=r"holds no model\.safetensors"):
        TransformerDetector(folder.parent, "0" * 64).detect(FRAME)


def test_boxes_and_labels_are_read_as_the_families_write_them():
    boxes = _corners(np.array([[0.5, 0.5, 0.2, 0.4], [0.0, 0.0, 0.5, 0.5]]), (100, 200, 3))
    np.testing.assert_allclose(boxes, [[80, 30, 120, 70], [0, 0, 50, 25]])
    scores = np.array([[0.1, 0.9, 0.6], [0.5, 0.1, 0.2]])
    assert _detections(boxes, scores, NAMES, 0.5) == [
        Detection(80, 30, 120, 70, "motorcycle", 0.6),
        Detection(0, 0, 50, 25, "person", 0.5),
    ]
    with pytest.raises(WrongWeights, match="knows none of"):
        _detections(boxes, scores, {0: "kite"}, 0.5)
