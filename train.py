"""Train a crack segmenter: ``python train.py [setting=value ...]``; ``--help`` explains them."""

import sys

import hydra
from omegaconf import DictConfig

from crackseg.config.schema import register_schemas
from crackseg.launch.entrypoint import settings, user_errors

register_schemas()


@hydra.main(version_base="1.3", config_path="conf", config_name="train")
def main(config: DictConfig) -> float:
    """Trains once and returns what a sweep compares."""
    from crackseg.launch.job import perform

    with user_errors():
        return perform(settings(config))


if __name__ == "__main__":
    from crackseg.launch.arguments import spelled_out

    with user_errors():
        sys.argv[1:] = spelled_out(sys.argv[1:])
        main()
