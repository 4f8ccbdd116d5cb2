"""Settings of the right type that would end in a traceback, a hang or no memory have limits."""

import pytest

from crackseg.config.machine import check_machine
from crackseg.config.overrides import ignored_tables
from crackseg.config.validation import check_train_config
from crackseg.errors import ConfigError
from crackseg.launch.paths import quote_paths
from tests.helpers.settings import composed

SIDE = "a side has at most 8192 pixels"
SEED = "at least 0 and at most 4294967295"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ("seed=4294967296", f"seed=4294967296: {SEED}"),
        ("data.split_seed=4294967296", f"data.split_seed=4294967296: {SEED}"),
        ("data.image_size=100000", f"data.image_size=100000: {SIDE}"),
        ("data.image_size=[64,100000]", f"data.image_size=[64, 100000]: {SIDE}"),
        ("data.crop_size=100000", f"data.crop_size=100000: {SIDE}"),
        (
            "data.crop_size=64; data.crops=1000000000",
            "data.crops=1000000000: at least 1 and at most 1000",
        ),
        (
            "data.count=100000000000000000000",
            "data.count=100000000000000000000: at least 10",
        ),
        (
            "data.batch_size=100000000000000000000000",
            "data.batch_size=100000000000000000000000: at least 1 and at most 65536",
        ),
        ("data.num_workers=100000", "data.num_workers=100000: at least 0 and at most 256"),
        ("data.store_limit=inf", "data.store_limit=inf: greater than 0 and at most 1000000 gig"),
        ("data.store_limit=nan", "data.store_limit=nan: greater than 0 and at most 1000000 gig"),
        ("data.crack_crops=nan", "data.crack_crops=nan: a share from 0 to 1"),
        ("data.scales=[0.4,1.2]", "data.scales=[0.4, 1.2]: goes with data.crop_size, and only"),
        (
            "data.crop_size=64; data.scales=0.5",
            "data.scales=0.5: the smallest and the largest factor, each at least 0.001",
        ),
        ("data.crop_size=64; data.scales=[0.4,0.8]", "data.scales=[0.4, 0.8]: from at most 1 to"),
        ("data.crop_size=64; data.scales=[0.4,nan]", "data.scales=[0.4, nan]: the smallest and"),
        ("data.looks=0.4", "data.looks=0.4: goes with data.crop_size, and only with it"),
        (
            "data.crop_size=64; data.looks=1",
            "data.looks=1: the smallest scale of a crop that is seen at several at once, at least",
        ),
        (
            "data.crop_size=64; data.looks=0.2; model.depth=4",
            "data.looks=0.2, data.crop_size=64: fewer than 2 of the 16 pixels that model=unet",
        ),
        (
            "optimizer.freeze_statistics=true",
            "optimizer.freeze_statistics=true: those of a fresh network mean nothing; it goes with",
        ),
        ("data.crop_size=64; data.looks=[0.4,1]", "data.looks=[0.4, 1]: the smallest scale of a"),
        (
            "data.crop_size=64; data.looks=0.4; loss.deep_supervision=0.5",
            "loss.deep_supervision, data.looks: the lower levels of several scales are not judged;",
        ),
        ("data.shares=0.5", "data.shares=0.5: the share of an epoch by source, each greater than"),
        ("data.shares={a:0}", "data.shares={'a': 0}: the share of an epoch by source, each great"),
        ("data.shares={a:0.7,b:0.7}", "they add up to 1.4, and 1 is all of an epoch"),
        ("data.thin_cracks=0", "data.thin_cracks=0.0: greater than 0 and at most 4, or null for"),
        ("data.thin_cracks=nan", "data.thin_cracks=nan: greater than 0 and at most 4, or null for"),
        ("data.cache=''", "data.cache: empty; name a path"),
        ("data.cache=' '", "data.cache: empty; name a path"),
        (
            "model.base_channels=1000000",
            "model.base_channels=1000000: at least 1 and at most 1024",
        ),
        (
            "model.base_channels=1024",
            "model: a network of 7,942,241,281 weights, the most are 500,000,000; lower",
        ),
        ("model.depth=1000000000", "model.depth=1000000000: at least 1 and at most 8"),
        ("model.depth=0", "model.depth=0: at least 1 and at most 8"),
        (
            "model.convs_per_level=10000000",
            "model.convs_per_level=10000000: at least 1 and at most 16",
        ),
        ("model.dropout=nan", "model.dropout=nan: at least 0 and below 1"),
        ("model.norm_eps=-1", "model.norm_eps=-1.0: greater than 0 and at most 1"),
        ("model.negative_slope=nan", "model.negative_slope=nan: at least 0 and at most 1"),
        ("model.norm_momentum=5", "model.norm_momentum=5.0: greater than 0 and at most 1"),
        ("model.norm_momentum=nan", "model.norm_momentum=nan: greater than 0 and at most 1"),
        ("optimizer.lr=nan", "optimizer.lr=nan: greater than 0 and at most 3e+38"),
        ("optimizer.lr=inf", "optimizer.lr=inf: greater than 0 and at most 3e+38"),
        ("optimizer.weight_decay=inf", "optimizer.weight_decay=inf: at least 0 and at most 1000"),
        ("optimizer.encoder_lr_factor=0", "optimizer.encoder_lr_factor=0.0: greater than 0 and at"),
        ("optimizer.encoder_lr_factor=nan", "optimizer.encoder_lr_factor=nan: greater than 0 and"),
        ("scheduler.min_lr=inf", "scheduler.min_lr=inf: at least 0 and at most 3e+38"),
        ("scheduler.factor=nan", "scheduler.factor=nan: between 0 and 1"),
        ("scheduler.patience=10000000", "scheduler.patience=10000000: at least 0 and at most"),
        ("scheduler.warmup=nan", "scheduler.warmup=nan: at least 0 and at most 1000000"),
        ("trainer.max_time=0", "trainer.max_time=0.0: greater than 0 and at most 525600 minutes"),
        ("trainer.max_time=inf", "trainer.max_time=inf: greater than 0 and at most 525600 min"),
        ("trainer.gradient_clip=0", "trainer.gradient_clip=0.0: greater than 0 and at most 1000"),
        ("trainer.gradient_clip=nan", "trainer.gradient_clip=nan: greater than 0 and at most 10"),
        ("callbacks.average=nan", "callbacks.average=nan: greater than 0 and below 1, or null"),
        ("callbacks.average=1", "callbacks.average=1.0: greater than 0 and below 1, or null"),
        ("callbacks.first_share=1", "callbacks.first_share=1.0: greater than 0 and below 1, or"),
        ("callbacks.first_share=0.5", "callbacks.first_share: it shares the network between the"),
        ("callbacks.pictures=1000000", "callbacks.pictures=1000000: at least 1 and at most 1000"),
        ("loss.terms.weighted_bce=nan", "loss.terms.weighted_bce=nan: a factor is greater than 0"),
        ("loss.class_weights=[nan,1]", "loss.class_weights=[nan, 1]: they are two numbers"),
        ("loss.deep_supervision=0", "loss.deep_supervision=0.0: greater than 0 and at most 100000"),
        ("loss.deep_supervision=nan", "loss.deep_supervision=nan: greater than 0 and at most 1000"),
        (
            "loss.deep_supervision=0.5; model.depth=1",
            "loss.deep_supervision=0.5: the decoder of model=unet has a single level",
        ),
        (
            "trainer.max_epochs=1000000000000",
            "trainer.max_epochs=1000000000000: at least 1 and at most 1000000",
        ),
        ("trainer.num_nodes=1000000", "trainer.num_nodes=1000000: at least 1 and at most 1024"),
        ("trainer.strategy=ddp_spawn", "trainer.strategy=ddp_spawn: one of auto, ddp"),
        ("runtime.threads=100000", "runtime.threads=100000: at least 1 and at most 256"),
    ],
)
def test_a_setting_has_a_limit(overrides: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_train_config(composed(*overrides.split("; ")))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["trainer.devices=99"], "trainer.devices=99: this machine has 4 cores for"),
        (["trainer.devices=[0,99]"], "trainer.devices=[0, 99]: this machine has 4 cores for"),
        (["trainer.devices='0,99'"], "trainer.devices=0,99: this machine has 4 cores for"),
        (["trainer.accelerator=tpu"], "trainer.accelerator=tpu: this machine has none; here one"),
        (
            ["trainer.accelerator=cpu", "trainer.devices=-1"],
            "trainer.devices=-1: on processor cores it is auto, or the number of processes",
        ),
        (
            ["trainer.accelerator=cpu", "trainer.devices=[0,1]"],
            "trainer.devices=[0, 1]: on processor cores it is auto, or the number of processes",
        ),
    ],
)
def test_devices_that_are_not_there_are_refused_before_processes_start(
    overrides: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "crackseg.config.machine.devices_of", lambda kind: 0 if kind == "tpu" else 4
    )
    config = composed(*overrides)
    check_train_config(config)
    with pytest.raises(ConfigError) as caught:
        check_machine(config.trainer)
    assert message in str(caught.value)


def test_several_machines_are_waited_for_only_where_something_started_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trainer = composed("trainer.num_nodes=2").trainer
    for name in ("MASTER_ADDR", "NODE_RANK", "SLURM_NTASKS", "LSB_JOBID"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigError) as caught:
        check_machine(trainer)
    assert str(caught.value) == (
        "trainer.num_nodes=2: nothing has started it on other machines, for which it would wait; "
        "start it on each by torchrun or srun, see docs/scale.md, or leave trainer.num_nodes=1"
    )
    monkeypatch.setenv("SLURM_NTASKS", "2")
    check_machine(trainer)


@pytest.mark.parametrize("override", ["loss.terms={}", "data.blocks={ }", "+loss.terms={}"])
def test_an_empty_table_that_hydra_would_ignore_is_refused(override: str) -> None:
    (line,) = ignored_tables(["seed=1", override, "loss.terms={dice:1}"])
    assert line.startswith(f"{override}: an empty table takes nothing away and would be ignored")


@pytest.mark.parametrize("argument", ["hydra.run.dir=''", "hydra.run.dir=", "hydra.sweep.dir=''"])
def test_a_folder_for_runs_has_a_name(argument: str) -> None:
    with pytest.raises(ConfigError, match="empty; name a folder"):
        quote_paths([argument])
