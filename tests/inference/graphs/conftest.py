"""Every network with its graph, each of which takes seconds to make."""

import onnx
import pytest
import torch

from crackseg.inference.graphs.export import export_network
from crackseg.models import NETWORKS, SkipNetwork, build_network
from tests.helpers.networks import small_arguments, with_statistics


@pytest.fixture(scope="package", params=NETWORKS)
def network(request: pytest.FixtureRequest) -> SkipNetwork:
    torch.manual_seed(0)
    arguments = small_arguments(request.param, depth=2)
    return with_statistics(build_network(request.param, arguments)).eval()


@pytest.fixture(scope="package")
def graph(network: SkipNetwork) -> onnx.ModelProto:
    return export_network(network)
