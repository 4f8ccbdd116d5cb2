"""Policy of retries for faults that may pass."""

import logging
from http.client import IncompleteRead

from urllib3 import BaseHTTPResponse, Retry
from urllib3.exceptions import InvalidHeader

log = logging.getLogger(__name__)


class LoggedRetry(Retry):
    """urllib3's policy, with a line in the log before each new try."""

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        """Waits before the next try, as long as the server asks or else the policy says."""
        failed = self.history[-1]
        cause = f"the server answers {failed.status}" if failed.status else cause_of(failed.error)
        pause = (response and self.get_retry_after(response)) or self.get_backoff_time()
        log.warning("%s: %s; trying again in %.0f s", failed.url, cause, pause)
        super().sleep(response)

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Seconds that the server asks for; None where it says nothing that can be read."""
        try:
            return super().get_retry_after(response)
        except InvalidHeader:
            return None


def retry_policy(retries: int = 7, backoff: float = 1.0) -> Retry:
    """The policy for all requests.

    Args:
        retries: Number of new tries in a row that may bring nothing.
        backoff: Half the seconds before the second of them; each later pause is twice as long.
    """
    return LoggedRetry(
        total=retries,
        backoff_factor=backoff,
        # Answers of servers that are overloaded for the moment.
        status_forcelist=(408, 429, 500, 502, 503, 504),
        retry_after_max=600,
        # The last answer may hold the server's own explanation.
        raise_on_status=False,
    )


def cause_of(error: BaseException | None) -> str:
    """The cause behind an error of the HTTP libraries."""
    while error is not None and error.__context__ is not None:
        error = error.__context__
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, IncompleteRead):
        return "the connection ended early"
    return str(getattr(error, "strerror", None) or error or type(error).__name__)
