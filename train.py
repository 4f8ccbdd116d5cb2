"""Train a crack segmenter: ``python train.py [setting=value ...]``; ``--help`` explains them."""

from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from crackseg.config import register_schemas
from crackseg.runtime import start_logging
from crackseg.workflows.door import user_errors

register_schemas()


@hydra.main(version_base="1.3", config_path="conf", config_name="train")
def main(config: DictConfig) -> float:
    """Trains once and returns what a sweep compares."""
    from crackseg.workflows.train import train

    with user_errors():
        folder = Path(HydraConfig.get().runtime.output_dir)
        start_logging(folder / "train.log")
        return train(OmegaConf.to_object(config), folder).objective


if __name__ == "__main__":
    with user_errors():
        main()
