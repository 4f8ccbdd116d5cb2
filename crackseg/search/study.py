"""The study of a search: where it is kept, and how Optuna draws and ends its trials."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from crackseg.config.overrides import without_password
from crackseg.config.search_schema import SearchConfig
from crackseg.errors import MissingLibraryError, StudyError, reason_of
from crackseg.metrics.scores import monitor_mode

if TYPE_CHECKING:
    import optuna

DATABASE, JOURNAL = "study.db", "study.log"
# Seconds that a worker waits for others to write.
_PATIENCE = 60


@contextmanager
def faults_in_words(storage: str | None) -> Iterator[None]:
    """Says what is wrong with a database in a line.

    Args:
        storage: Setting ``search.storage``.

    Raises:
        StudyError: The database cannot be reached, read or written.
    """
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, StorageInternalError) as error:
        where = "its database" if storage is None else f"search.storage={without_password(storage)}"
        cause = getattr(error, "orig", None) or error.__cause__ or error
        raise StudyError(
            f"{where}: {reason_of(cause)}; search.storage is null for a file in the folder, "
            "journal, or a database such as postgresql+pg8000://USER@HOST/NAME"
        ) from error


def open_study(settings: SearchConfig, name: str, folder: Path, epochs: int) -> "optuna.Study":
    """Opens a study, or begins it.

    Args:
        settings: Settings of the search.
        name: Name of the study in its storage.
        folder: Folder of the search.
        epochs: Epochs of a trial that is trained to its end.

    Raises:
        MissingLibraryError: Optuna is not installed, or what speaks with the database.
        StudyError: The database cannot be reached.
    """
    require_optuna()
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with faults_in_words(settings.storage):
        return optuna.create_study(
            storage=_storage(settings.storage, folder),
            pruner=_pruner(settings, epochs),
            study_name=name,
            direction="maximize" if monitor_mode(settings.objective) == "max" else "minimize",
            load_if_exists=True,
        )


def require_optuna() -> None:
    """Checks that Optuna is installed.

    Raises:
        MissingLibraryError: It is not.
    """
    try:
        import optuna  # noqa: F401
    except ImportError:
        raise MissingLibraryError(
            "a search needs Optuna, which is not installed; pip install 'crackseg[tune]'"
        ) from None


def sampler(settings: SearchConfig, number: int, at_random: bool) -> "optuna.samplers.BaseSampler":
    """What draws a trial. It is made anew for each, so that a resumed search draws the same.

    Args:
        settings: Settings of the search.
        number: Number of the trial.
        at_random: Whether what was drawn before was known already.
    """
    import optuna

    seed = settings.seed * 1_000_003 + number
    if at_random or settings.sampler != "tpe":
        # A grid is put into the study as a whole.
        return optuna.samplers.RandomSampler(seed=seed)
    return optuna.samplers.TPESampler(
        seed=seed, n_startup_trials=settings.startup, constant_liar=True
    )


def importances(study: "optuna.Study") -> dict[str, float]:
    """Share of each setting in what the figures differ by, the largest first.

    Empty for fewer than four trials that are done, or where all figures are equal.

    References:
        Watanabe, Bansal, Hutter: PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in
        Arbitrary Subspaces, IJCAI 2023.
    """
    import optuna

    done = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
    if len(done) < 4 or len({trial.value for trial in done}) < 2:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shares = optuna.importance.get_param_importances(study)
    return {key: float(share) for key, share in shares.items()}


def _storage(setting: str | None, folder: Path) -> "optuna.storages.BaseStorage":
    from optuna.storages import JournalStorage, RDBStorage
    from optuna.storages.journal import JournalFileBackend

    if setting == "journal":
        return JournalStorage(JournalFileBackend(str(folder / JOURNAL)))
    if setting is None:
        url = f"sqlite:///{folder / DATABASE}"
        return RDBStorage(url, engine_kwargs={"connect_args": {"timeout": _PATIENCE}})
    try:
        return RDBStorage(setting, engine_kwargs={"pool_pre_ping": True})
    except ImportError as error:
        raise MissingLibraryError(
            f"search.storage={without_password(setting)}: {reason_of(error)}; install what speaks "
            "with that database, such as pip install 'crackseg[postgresql]' for postgresql+pg8000://"
        ) from error


def _pruner(settings: SearchConfig, epochs: int) -> "optuna.pruners.BasePruner":
    from optuna import pruners

    if settings.pruner == "none":
        return pruners.NopPruner()
    if settings.pruner == "hyperband":
        return pruners.HyperbandPruner(min_resource=max(settings.warmup, 1), max_resource=epochs)
    return pruners.MedianPruner(settings.startup, settings.warmup)
