"""Search for good settings: ``python tune.py [search=ranges] [setting=value ...]``."""

import signal
import sys
from pathlib import Path

# Python's own handler raises in whatever is just being imported, where it may get lost.
signal.signal(signal.SIGINT, signal.SIG_DFL)

from crackseg.system.exits import end_at_once_by_signals, work_begins  # noqa: E402

# Before all that takes long to import.
end_at_once_by_signals()

import hydra  # noqa: E402
from hydra.core.hydra_config import HydraConfig  # noqa: E402
from omegaconf import DictConfig  # noqa: E402

from crackseg.config.search_schema import register_search_schema  # noqa: E402
from crackseg.launch.entrypoint import exit_on_user_error, to_dataclass  # noqa: E402

register_search_schema()


@hydra.main(version_base="1.3", config_path="conf", config_name="tune")
def main(config: DictConfig) -> None:
    """Searches; the exit code is 1 where some trials failed."""
    with exit_on_user_error():
        from crackseg.search.tuning import tune

        work_begins()
        job = HydraConfig.get()
        sources = {source.provider: source.path for source in job.runtime.config_sources}
        record = tune(
            to_dataclass(config),
            list(job.overrides.task),
            Path(job.runtime.output_dir),
            sources.get("command-line"),
        )
        if any(trial.state == "failed" for trial in record.trials):
            sys.exit(1)


if __name__ == "__main__":
    from crackseg.launch.paths import quote_paths
    from crackseg.search.folder import expand_search_resume

    with exit_on_user_error():
        sys.argv[1:] = quote_paths(expand_search_resume(sys.argv[1:]))
        main()
