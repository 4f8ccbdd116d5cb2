"""Suggested photographs are those that a network doubts, and no two alike."""

import numpy as np
import torch

from crackseg.adaptation.suggestion import Glance, glance, suggested
from crackseg.inference.looks import Looking
from crackseg.inference.torch_engine import TorchEngine
from crackseg.models import build_network


def test_the_most_doubtful_comes_first_and_then_what_differs() -> None:
    glances = [
        Glance(np.array([0.0, 0.0]), 0.5),
        Glance(np.array([0.0, 0.1]), 0.4),
        Glance(np.array([9.0, 0.0]), 0.3),
        Glance(np.array([9.0, 9.0]), 0.0),
    ]
    assert suggested(glances, 2) == [0, 2]
    # Nothing is chosen twice, also where nothing is in doubt.
    assert sorted(suggested(glances, 9)) == [0, 1, 2, 3]


def test_equal_photographs_are_chosen_once_each() -> None:
    assert sorted(suggested([Glance(np.ones(3), 0.1)] * 3, 3)) == [0, 1, 2]


def test_doubt_is_of_probabilities_and_features_are_the_deepest() -> None:
    torch.manual_seed(0)
    network = build_network("unet", {"base_channels": 2, "depth": 2}).eval()
    looking = Looking(TorchEngine(network, "cpu"), (0.5, 1.0), "area")
    image = np.random.default_rng(0).integers(0, 256, (40, 56, 3), np.uint8)
    found = glance(looking, image, side=100)
    # Mean and deviation of the 8 channels of the bottom.
    assert found.features.shape == (16,)
    logits = looking.logits(image.transpose(2, 0, 1)[None])
    probability = 1 / (1 + np.exp(-logits.astype(np.float64)))
    np.testing.assert_allclose(found.doubt, (4 * probability * (1 - probability)).mean(), rtol=1e-4)
    # No hook is left behind.
    assert not network.decoder[0]._forward_pre_hooks


def test_a_large_photograph_is_seen_by_parts() -> None:
    network = build_network("unet", {"base_channels": 1, "depth": 1}).eval()
    looking = Looking(TorchEngine(network, "cpu"), (1.0,), "area")
    seen: list[tuple[int, ...]] = []
    network.register_forward_pre_hook(lambda _, given: seen.append(tuple(given[0].shape[-2:])))
    glance(looking, np.zeros((400, 300, 3), np.uint8), side=50)
    assert seen == [(50, 50)] * 4
