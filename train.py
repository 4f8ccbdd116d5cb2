"""Train a crack segmenter: ``python train.py [setting=value ...]``; ``--help`` explains them."""

import sys

import hydra
from omegaconf import DictConfig

from crackseg.config.schema import register_schemas
from crackseg.launch.entrypoint import exit_on_user_error, to_dataclass

register_schemas()


@hydra.main(version_base="1.3", config_path="conf", config_name="train")
def main(config: DictConfig) -> float:
    """Trains once and returns what a sweep compares."""
    from crackseg.launch.job import run_job

    with exit_on_user_error():
        return run_job(to_dataclass(config))


if __name__ == "__main__":
    from crackseg.launch.arguments import expand_resume

    with exit_on_user_error():
        sys.argv[1:] = expand_resume(sys.argv[1:])
        main()
