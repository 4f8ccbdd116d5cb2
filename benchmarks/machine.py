"""This machine: what it is, and the largest matrix products it manages."""

import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measurement import Figure, Piece, Work
from benchmarks.process import PieceError, calling, run

PACKAGES = ("torch", "onnxruntime", "openvino", "tensorflow-cpu", "keras")
MODELS = ("segmentation-models-pytorch", "monai", "numpy")
# Those that matrix products run faster by.
_SETS = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
_SIDES = (1024, 2048, 4096)
_TRIES = 3


@dataclass(frozen=True)
class Machine:
    """What the figures depend on.

    Attributes:
        processor: Name of the processor.
        cores: Number of cores that a process may use, which is also the number of its threads.
        memory: Memory in GB.
        instructions: Sets of instructions that matrix products run faster by.
        bfloat16: Whether it multiplies bfloat16 in hardware.
        system: Operating system and Python.
        versions: Versions of packages.
    """

    processor: str
    cores: int
    memory: float
    instructions: tuple[str, ...]
    bfloat16: bool
    system: str
    versions: Mapping[str, str]


def this_machine() -> Machine:
    """Asks the system, and the peers' environment for its versions."""
    from crackseg import __version__
    from crackseg.system.precision import cpu_has_bfloat16
    from crackseg.system.processes import usable_cores

    about = _cpuinfo()
    return Machine(
        processor=about.get("model name", platform.processor() or platform.machine()),
        cores=usable_cores(),
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9,
        instructions=tuple(one for one in _SETS if one in about.get("flags", "").split()),
        bfloat16=cpu_has_bfloat16(),
        system=f"{platform.system()}, Python {platform.python_version()}",
        versions={"crackseg": __version__, **_peer_versions()},
    )


def versions() -> dict[str, str]:
    """Versions of what is installed in this environment."""
    found = {}
    for package in (*PACKAGES, *MODELS):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def peaks(bfloat16: bool) -> dict[str, float]:
    """Measures the largest matrix product in GFLOP/s, in each precision that the machine has."""
    import torch

    products: dict[str, Callable[[int], Callable[[], object]]] = {
        "float32": lambda side: _product(torch, side, torch.float32),
        "int8": _integer_product,
    }
    if bfloat16:
        products["bfloat16"] = lambda side: _product(torch, side, torch.bfloat16)
    return {
        name: max(_rate(make(side), side) for side in _SIDES) for name, make in products.items()
    }


def roofline(bfloat16: bool) -> Work:
    """The work of measuring the largest matrix products."""
    arguments = calling("benchmarks.machine:peaks", bfloat16=bfloat16)
    names = ("float32", "bfloat16", "int8") if bfloat16 else ("float32", "int8")
    return Work(
        name=ROOFLINE,
        figures=tuple(Figure(one, "GFLOP/s", more_is_better=True, compared=False) for one in names),
        pieces=(Piece("this machine", "crackseg", arguments),),
        baseline="this machine",
    )


ROOFLINE = "largest matrix product"


def _peer_versions() -> Mapping[str, str]:
    try:
        given: Any = run("peers", calling("benchmarks.machine:versions"))
    except PieceError:
        given = versions()
    return {name: given[name] for name in (*PACKAGES, *MODELS)}


def _cpuinfo() -> dict[str, str]:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.is_file() else []
    pairs = (line.partition(":") for line in lines)
    return {key.strip(): value.strip() for key, _, value in pairs}


def _product(torch: Any, side: int, kind: Any) -> Callable[[], object]:
    one, other = (torch.rand(side, side).to(kind) for _ in range(2))
    return lambda: torch.mm(one, other)


def _integer_product(side: int) -> Callable[[], object]:
    """A product of uint8 and int8 by ONNX Runtime."""
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    generator = np.random.default_rng(0)
    weights = generator.integers(-127, 128, (side, side), np.int8)
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["one", "other"], ["product"])],
        "product",
        [helper.make_tensor_value_info("one", TensorProto.UINT8, [side, side])],
        [helper.make_tensor_value_info("product", TensorProto.INT32, [side, side])],
        [numpy_helper.from_array(weights, "other")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    one = generator.integers(0, 256, (side, side), np.uint8)
    return lambda: session.run(None, {"one": one})


def _rate(product: Callable[[], object], side: int) -> float:
    """GFLOP/s of the fastest of some tries."""
    product()
    taken = []
    for _ in range(_TRIES):
        began = time.perf_counter()
        product()
        taken.append(time.perf_counter() - began)
    return 2 * side**3 / min(taken) / 1e9
