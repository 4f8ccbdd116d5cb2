"""What the page asks for, without the page: taking in, finding, measuring, setting the scale."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from crackseg.app.finding import measured, predict
from crackseg.app.limits import AppLimits
from crackseg.app.sessions import AppPhotograph, Session, Sessions
from crackseg.app.turns import Turns
from crackseg.inference.predictor import Predictor
from crackseg.measurement.scale import Scale
from crackseg.system.exits import mistake_of

log = logging.getLogger(__name__)

# Seconds after which somebody who waits is told how many are before them.
_PATIENCE = 1.0


class Desk:
    """Serves all open pages with one network.

    Args:
        predictor: Predictor of the network.
        limits: What a user may ask for.
        sessions: Open pages.
    """

    def __init__(self, predictor: Predictor, limits: AppLimits, sessions: Sessions) -> None:
        self.predictor, self.limits, self.sessions = predictor, limits, sessions
        self._turns = Turns()

    def take_in(self, session: Session, uploads: Sequence[Path]) -> None:
        """Takes uploaded files over; those beyond the limit are named as not taken."""
        most = self.limits.photographs
        for upload in uploads:
            taken = sum(one.state != "failed" for one in session.photographs)
            reason = f"not taken, as {most} are the most at a time; reload the page to begin anew"
            session.add(upload, reason if taken >= most else "")

    def find(self, session: Session) -> Iterator[AppPhotograph]:
        """Finds and measures the cracks of all photographs that wait, each at its turn.

        Yields:
            A photograph after each change; a bad one says what is wrong, and the others go on.
        """
        while (photograph := session.next_waiting()) is not None:
            yield from self._find(session, photograph)

    def measure(self, session: Session, key: str, threshold: float) -> AppPhotograph | None:
        """Measures a predicted photograph at another threshold; None if the session has it not."""
        photograph = session.get(key)
        if photograph is None or photograph.measured is None:
            return None
        found = measured(photograph, threshold, self.predictor)
        return session.update(key, threshold=threshold, measured=found)

    def set_scale(self, session: Session, keys: Sequence[str], scale: Scale | None) -> None:
        """Sets the scale of photographs; those that are measured get new millimetres at once."""
        for key in keys:
            photograph = session.get(key)
            if photograph is None:
                continue
            found = photograph.measured
            if found is not None:
                found = replace(found, measurement=replace(found.measurement, scale=scale))
            session.update(key, scale=scale, measured=found)

    def _find(self, session: Session, photograph: AppPhotograph) -> Iterator[AppPhotograph]:
        key = photograph.key
        try:
            with self._turns.ticket() as ticket:
                while not ticket.wait(_PATIENCE):
                    yield session.update(key, words=f"waiting, {ticket.ahead} before it")
                yield session.update(key, words="finding cracks")
                for share in predict(photograph, session, self.predictor, self.limits):
                    yield session.update(key, words=f"finding cracks, {share:.0%}")
                yield session.update(key, words="measuring")
                threshold = self.predictor.threshold
                found = measured(session.update(key), threshold, self.predictor)
            yield session.update(
                key, state="measured", words="", threshold=threshold, measured=found
            )
        except Exception as error:
            # After the end of the session its files are gone, and nobody waits.
            if not session.ended:
                yield session.update(key, state="failed", words=_reason(error, photograph))
        finally:
            session.give_back(key)


def _reason(error: Exception, photograph: AppPhotograph) -> str:
    """What is wrong with a photograph, by the name that its user gave it."""
    words = mistake_of(error)
    if words is None:
        log.error("%s", photograph.name, exc_info=error)
        return "a fault of crackseg, not of the photograph; the app's terminal says more"
    return words.replace(str(photograph.path), photograph.name).removeprefix(f"{photograph.name}: ")
