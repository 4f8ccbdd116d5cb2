"""What the page says of all photographs: which are bad, and whether the network knows such ones."""

import html
from collections.abc import Sequence

from crackseg.app.sessions import AppPhotograph
from crackseg.inference.predictor import Predictor
from crackseg.inference.reliance import reliance


def notices(photographs: Sequence[AppPhotograph], predictor: Predictor) -> str:
    """Both as HTML."""
    return _failures(photographs) + _unlike(photographs, predictor)


def _failures(photographs: Sequence[AppPhotograph]) -> str:
    """Names each bad file, with what is wrong with it."""
    failed = [one for one in photographs if one.is_failed]
    lines = [f"<li><b>{html.escape(one.name)}</b>: {html.escape(one.words)}</li>" for one in failed]
    return f'<ul role="alert">{"".join(lines)}</ul>' if lines else ""


def _unlike(photographs: Sequence[AppPhotograph], predictor: Predictor) -> str:
    """Says of photographs that the network was not trained on such ones."""
    features = [one.features for one in photographs if one.features is not None]
    found = reliance(predictor, features) if features else None
    if found is None or not found.advice:
        return ""
    words = html.escape(f"{found.line}: {found.advice}.")
    return f'<p role="note"><b>Check the masks:</b> {words}</p>'
