"""A fit changes what it may change, and brings a network to photographs of another kind."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from crackseg.adaptation import calibrating, fitting
from crackseg.adaptation.calibrating import calibrate
from crackseg.adaptation.choosing import at, ious_of
from crackseg.adaptation.fitting import Seen, fitted, seen_by
from crackseg.adaptation.photographs import Labelled
from crackseg.inference.looks import Looking
from crackseg.inference.torch_engine import TorchEngine
from crackseg.models import NETWORKS, SkipNetwork, build_network
from tests.helpers.networks import small_arguments, with_statistics
from tests.inference.test_model_file import INFO

SEEN = Seen((32, 32), (1.0, 1.0), "area", looks=(1.0,), smallest=1.0)


def photographs(count: int = 4) -> list[Labelled]:
    """Noise with a bright band, which is the crack."""
    random = np.random.default_rng(0)
    found = []
    for number in range(count):
        image = random.integers(0, 90, (48, 64, 3), np.uint8)
        crack = np.zeros((48, 64), np.bool_)
        row = int(random.integers(4, 40))
        crack[row : row + 5] = True
        image[crack] += 130
        found.append(Labelled(f"p{number}", image, crack))
    return found


@pytest.fixture(params=NETWORKS)
def network(request: pytest.FixtureRequest) -> SkipNetwork:
    torch.manual_seed(0)
    arguments = small_arguments(request.param, depth=2)
    return with_statistics(build_network(request.param, arguments)).eval()


def test_a_fit_changes_scales_shifts_and_the_last_level_alone(
    network: SkipNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "STEPS", 4)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    found = fitted(network, photographs(), SEEN, seed=0)
    norms = {n for n, part in network.named_modules() if isinstance(part, nn.BatchNorm2d)}
    last = f"decoder.{len(network.decoder) - 1}."
    may = {f"{norm}.{kind}" for norm in norms for kind in ("weight", "bias")}
    may |= {name for name, _ in network.named_parameters() if name.startswith((last, "head."))}
    after = found.state_dict()
    assert {name for name in before if not torch.equal(before[name], after[name])} == may
    # The network that was given is as it was.
    assert all(torch.equal(value, network.state_dict()[name]) for name, value in before.items())
    assert not found.training


def test_every_photograph_is_drawn_as_often_whatever_its_parts() -> None:
    first, second = photographs(2)
    white = Labelled("p0", np.full_like(first.image, 255), first.crack)
    black = Labelled("p1", np.zeros_like(second.image), second.crack)
    crops = fitting._Crops([white, white, white, black], SEEN, seed=0)
    brightness = torch.cat([crops.batch()[0] for _ in range(5)]).mean(dim=(1, 2, 3))
    assert int((brightness > 0.5).sum()) == 20


def test_equal_seeds_fit_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "STEPS", 4)
    torch.manual_seed(0)
    network = build_network("unet", {"base_channels": 2, "depth": 1}).eval()
    one, same, other = (
        fitted(network, photographs(), SEEN, seed).head.weight for seed in (0, 0, 1)
    )
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_a_fit_and_its_calibration_bring_a_network_to_its_photographs() -> None:
    torch.manual_seed(0)
    network = build_network("unet", {"base_channels": 4, "depth": 1, "dropout": 0.0}).eval()
    own = photographs()

    def look(one: SkipNetwork) -> Looking:
        return Looking(TorchEngine(one, "cpu"), (1.0,), "area")

    before = ious_of(look(network), own).mean(axis=0).max()
    for seed in range(4):
        network = fitted(network, own, SEEN, seed)
    fitted_ious = ious_of(look(network), own)
    assert fitted_ious.mean(axis=0).max() > before + 0.3
    calibrate(network, look(network), own)
    calibrated = ious_of(look(network), own)
    # The order of the pixels stays, and of those at .5 about a half is crack.
    assert calibrated.mean(axis=0).max() == pytest.approx(fitted_ious.mean(axis=0).max(), abs=0.02)
    assert at(calibrated, 0.5).mean() > 0.9 * calibrated.mean(axis=0).max()


def test_a_network_of_which_nothing_is_told_is_not_calibrated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calibrating, "platt_scaling", lambda _: None)
    network = build_network("unet", {"base_channels": 2, "depth": 1}).eval()
    before = {name: value.clone() for name, value in network.head.state_dict().items()}
    calibrate(network, Looking(TorchEngine(network, "cpu"), (1.0,), "area"), photographs())
    assert all(torch.equal(before[n], one) for n, one in network.head.state_dict().items())


def test_a_network_of_one_scale_is_fitted_at_it() -> None:
    seen = seen_by(INFO)
    assert (seen.scales, seen.looks, seen.smallest) == ((0.32, 0.32), (1.0,), 0.32)


def test_a_network_of_several_scales_is_fitted_at_all_that_it_looks_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = seen_by(replace(INFO, scales=(0.4, 1.25)))
    assert seen.looks == pytest.approx((0.4, 0.632, 1.0), abs=1e-3)
    assert seen.scales == pytest.approx((0.8, 1.25))
    assert seen.smallest == 0.4

    monkeypatch.setattr(fitting, "STEPS", 2)
    network = build_network("unet", {"base_channels": 2, "depth": 1}).eval()
    sides: list[int] = []
    network.register_forward_pre_hook(lambda _, given: sides.append(given[0].shape[-1]))
    fitted(network, photographs(), replace(seen, size=(40, 40)), seed=0)
    assert sides == [16, 26, 40] * 2
