"""Every network with its graph."""

import onnx
import pytest

from crackseg.models import NETWORKS, SkipNetwork
from tests.helpers.networks import small_graph, small_network


@pytest.fixture(params=NETWORKS)
def network_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def network(network_name: str) -> SkipNetwork:
    return small_network(network_name)


@pytest.fixture
def graph(network_name: str) -> onnx.ModelProto:
    return small_graph(network_name)
