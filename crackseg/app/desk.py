"""What the page asks for, without the page: taking in, finding, measuring, setting the scale."""

import itertools
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import PriorityQueue

from crackseg.app.finding import measured, predict, scale_of_file
from crackseg.app.limits import AppLimits
from crackseg.app.sessions import AppPhotograph, Session, SessionEndedError, Sessions
from crackseg.inference.predictor import Predictor
from crackseg.measurement.photograph import MeasuredPhotograph
from crackseg.measurement.scale import Scale
from crackseg.system.exits import mistake_of

log = logging.getLogger(__name__)

# Seconds that a prediction which nobody waits for any more has to end.
_LAST_MOMENTS = 5.0


@dataclass(order=True, frozen=True)
class _Job:
    """A photograph in the queue.

    Attributes:
        before: Number of photographs of its own page before it: every page has its first one done
            before any has its second.
        number: Number of the job, in the order of asking.
        session: Session of the page; None ends the work.
        key: Key of the photograph.
    """

    before: int
    number: int
    session: Session | None = field(compare=False)
    key: str = field(compare=False)


class Desk:
    """Serves all open pages with one network, which finds cracks in one photograph at a time.

    Args:
        predictor: Predictor of the network.
        limits: What a user may ask for.
        sessions: Open pages.
    """

    def __init__(self, predictor: Predictor, limits: AppLimits, sessions: Sessions) -> None:
        self.predictor, self.limits, self.sessions = predictor, limits, sessions
        self._jobs: PriorityQueue[_Job] = PriorityQueue()
        self._numbers = itertools.count()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Lets another thread work through the queue meanwhile.

        It does not depend on what becomes of the pages that asked.
        """
        worker = threading.Thread(target=self._work, daemon=True)
        worker.start()
        try:
            yield
        finally:
            self.sessions.end_all()
            self._jobs.put(_Job(-1, next(self._numbers), None, ""))
            worker.join(_LAST_MOMENTS)

    def take_in(self, session: Session, uploads: Sequence[Path]) -> None:
        """Takes uploaded files over; those beyond the limit are named as not taken."""
        most = self.limits.photographs
        for upload in uploads:
            taken = sum(not one.is_failed for one in session.photographs)
            if taken >= most:
                reason = f"not taken, as {most} are the most at a time; reload the page for more"
                session.add(upload, reason)
                continue
            before = sum(not one.is_done for one in session.photographs)
            added = session.add(upload)
            self._jobs.put(_Job(before, next(self._numbers), session, added.key))

    def work_on_next(self) -> bool:
        """Finds and measures the cracks of the photograph whose turn it is.

        A bad photograph says what is wrong with it, and the next ones go on.

        Returns:
            False at the end of the work.
        """
        job = self._jobs.get()
        if job.session is not None and not job.session.ended:
            self._find(job.session, job.key)
        return job.session is not None

    def measure(self, session: Session, key: str, threshold: float) -> None:
        """Measures a predicted photograph at another threshold."""
        photograph = session.get(key)
        if photograph is not None and photograph.measured is not None:
            found = measured(photograph, threshold, self.predictor)
            self._show(session, key, threshold, found)

    def set_scale(self, session: Session, keys: Sequence[str], scale: Scale | None) -> None:
        """Sets the scale of photographs; those that are measured get new millimetres at once."""
        for key in keys:
            if session.get(key) is not None:
                session.change(key, lambda now: _scaled(now, scale))

    def _show(
        self, session: Session, key: str, threshold: float, found: MeasuredPhotograph
    ) -> None:
        def shown(now: AppPhotograph) -> AppPhotograph:
            # Its scale may have been set while the cracks were measured.
            return _scaled(replace(now, words="", threshold=threshold, measured=found), now.scale)

        session.change(key, shown)

    def _work(self) -> None:
        while self.work_on_next():
            pass

    def _find(self, session: Session, key: str) -> None:
        photograph = session.get(key)
        if photograph is None:
            return
        threshold = self.predictor.threshold
        try:
            session.update(key, words="finding cracks")
            for share in predict(photograph, session, self.predictor, self.limits):
                session.update(key, words=f"finding cracks, {share:.0%}")
            photograph = session.update(key, words="measuring")
            if photograph.scale is None:
                photograph = session.update(key, scale=scale_of_file(photograph))
            found = measured(photograph, threshold, self.predictor)
            self._show(session, key, threshold, found)
        except Exception as error:
            # After the end of the session its files are gone, and nobody waits.
            if session.ended:
                return
            words = _reason(error, photograph)
            with suppress(SessionEndedError):
                session.update(key, words=words, is_failed=True)


def _scaled(photograph: AppPhotograph, scale: Scale | None) -> AppPhotograph:
    """A photograph with a scale, in whose millimetres its cracks are then measured."""
    found = photograph.measured
    if found is not None:
        found = replace(found, measurement=replace(found.measurement, scale=scale))
    return replace(photograph, scale=scale, measured=found)


def _reason(error: Exception, photograph: AppPhotograph) -> str:
    """What is wrong with a photograph, by the name that its user gave it."""
    words = mistake_of(error)
    if words is None:
        log.error("%s", photograph.name, exc_info=error)
        return "a fault of crackseg, not of the photograph; the app's terminal says more"
    return words.replace(str(photograph.path), photograph.name).removeprefix(f"{photograph.name}: ")
