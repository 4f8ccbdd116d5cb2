"""What the page's scripts compute, against the Python that they follow; without a browser."""

import json
import shutil
import subprocess
from typing import Any

import numpy as np
import pytest

from crackseg.measurement.cracks import Measurement
from crackseg.measurement.scale import COVERAGE, Measured, Scale, width_digits
from crackseg.reporting.html.rendering import source
from crackseg.reporting.inspection.samples import sample
from tests.helpers.inspected import SIZE, crack, level

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="Node.js is not installed")


def run(expression: str) -> Any:
    """The value of an expression, to which the scripts' functions and classes are known."""
    component = source("inspection/component.js").split("// ---- All photographs")[0]
    parts = [source("inspection/words.js"), source("inspection/along.js"), component]
    parts.append(f"console.log(JSON.stringify({expression}))")
    assert NODE is not None
    done = subprocess.run(
        [NODE, "-"], input="\n".join(parts), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("resolved", [True, False])
@pytest.mark.parametrize("scale", [Scale(0.2), Scale(0.2, 0.02), Scale(0.2, 0.15)])
def test_millimetres_are_those_of_python(scale: Scale, resolved: bool) -> None:
    pixels = Measured(1.0, 0.4, 3.0, resolved)
    length = json.dumps(vars(pixels))
    found = run(f"inUnit({length}, [{scale.mm_per_pixel}, {scale.uncertainty}, {COVERAGE}])")
    expected = scale.millimetres(pixels)
    assert found == pytest.approx(vars(expected))


def test_widths_have_the_digits_of_python() -> None:
    widths = [0.0, 0.00004, 0.00012, 0.0015, 0.0436, 0.0999, 0.4, 9.994, 12.345, 130.0]
    assert run(f"{widths}.map(widthDigits)") == [width_digits(width) for width in widths]


def test_the_plot_and_the_pointer_say_alike_how_far_along_a_place_is() -> None:
    """Two branches of 40 and 101 pixels, of which the last places are closer to each other."""
    branches = level(10, 5.0, True, count=41), level(20, 5.0, True, first=9, count=102)
    found = Measurement((crack(1, *branches),), SIZE, None, 1.0)
    sampled = sample(found, 1000)
    packed = json.dumps([branch.packed() for branch in sampled])
    photograph = (
        f"(() => {{ const one = {{ branches: chained({packed}.map(unpacked)), scale: null,"
        " measured: Photograph.prototype.measured };"
        " one.places = one.branches.flatMap((branch) =>"
        " Array.from(branch.x, (_, at) => ({ branch, at }))); return one; })()"
    )
    plot, words = run(
        f"((one) => [alongCrack(one, 1), one.places.map((_, at) =>"
        f" Photograph.prototype.words.call(one, at)[0])])({photograph})"
    )
    here = np.concatenate([one.points[:, 0] - one.points[0, 0] for one in sampled])
    here[len(sampled[0].points) :] += 40.0
    assert plot["along"] == pytest.approx(here.tolist())
    assert (plot["joints"], plot["whole"]) == ([40.0], 141.0)
    digits = [f"{one:.{1 if one < 100 else 0}f}" for one in here]
    assert words == [f"Crack 1, {one} px along" for one in digits]
