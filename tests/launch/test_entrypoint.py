"""What a user did wrong is said in one message: what, where, what to do; exit code 2."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.hydra_config import HydraConfig
from hydra.errors import InstantiationException
from hydra.utils import instantiate

from crackseg.config.schema import register_schemas
from crackseg.config.validation import check_train_config
from crackseg.errors import ConfigError
from crackseg.launch.entrypoint import exit_on_user_error, refuse_overrides, to_dataclass
from crackseg.workflows.evaluate import NOT_HERE
from tests.helpers.commands import CONF, run

OF_OPTIMIZER = (
    "there is no such setting in optimizer; did you mean lr? known: lr, weight_decay, "
    "encoder_lr_factor, freeze, freeze_statistics"
)
OF_TRAIN = "there is no such setting in the config; did you mean {}? known: data, model, loss, "
OF_LOSS = "loss=weigthed_bce: there is no such choice; did you mean weighted_bce?"
OF_SYNTAX = (
    "cannot be read; write {0}=VALUE, close brackets and quotes, and quote a value with signs in "
    "it: '{0}=\"VALUE\"'"
)
LOSSES = "known: bce, bce_dice, dice, weighted_bce, weighted_bce_reduced"
OF_TYPE_STR = "of type 'str' could not be converted to"
GROUPS = "known: callbacks, data, debug, experiment, "


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the door sets there ends with the test."""
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of ``conf`` in the working folder, which may be changed."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(CONF, "conf")).resolve()


def compose_and_check(overrides: Sequence[str], conf: Path, name: str) -> None:
    with initialize_config_dir(str(conf), version_base="1.3"), exit_on_user_error():
        composed = to_dataclass(compose(name, list(overrides)))
        if name == "train":
            check_train_config(composed)


def said(
    capsys: pytest.CaptureFixture[str], *overrides: str, conf: Path = CONF, name: str = "train"
) -> str:
    """The one line that is said of these settings, without its beginning."""
    register_schemas()
    with pytest.raises(SystemExit) as left:
        compose_and_check(overrides, conf, name)
    assert left.value.code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert re.fullmatch(r"error: .+\n", told.err), told.err
    return told.err.removeprefix("error: ").removesuffix("\n")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("optimizer.lrr=1", f"optimizer.lrr: {OF_OPTIMIZER}"),
        ("+optimizer.lrr=1", f"optimizer.lrr: {OF_OPTIMIZER}"),
        ("++optimizer.lrr=1", f"optimizer.lrr: {OF_OPTIMIZER}"),
        ("optimizer={lrr: 1}", f"optimizer.lrr: {OF_OPTIMIZER}"),
        ("optimiser.lr=1", f"optimiser: {OF_TRAIN.format('optimizer')}"),
        ("modell=unet", f"modell: {OF_TRAIN.format('model')}"),
        ("+modell=unet", f"modell: {OF_TRAIN.format('model')}"),
        # A setting of a group, given without it.
        ("lr=1", f"lr: {OF_TRAIN.format('optimizer.lr')}"),
        ("dropuot=0.1", f"dropuot: {OF_TRAIN.format('model.dropout')}"),
        (
            "model.dropuot=0.1",
            "model.dropuot: there is no such setting in model; did you mean dropout",
        ),
        ("model.negative_slop=1", "model.negative_slop: there is no such setting in model; did"),
        ("hydra.run.dirr=x", "hydra.run.dirr: there is no such setting in hydra.run; did you mean"),
        ("+optimizer.lr=1", "optimizer.lr: this setting is there already; leave out the +"),
        (
            "~optimizer.lr",
            "~optimizer.lr: a setting cannot be taken away; give optimizer.lr=VALUE",
        ),
        ("~optimizerr", "Could not delete from config. 'optimizerr' does not exist."),
        (
            "loss.terms.bce=1",
            "loss.terms.bce: there is no such name; add it with +loss.terms.bce=VALUE; known: "
            "weighted_bce",
        ),
    ],
)
def test_a_name_that_does_not_exist_is_told_with_the_nearest_one(
    override: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, override).startswith(message)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("loss=weigthed_bce", f"{OF_LOSS} {LOSSES}"),
        ("loss=5", "a group is chosen by GROUP=NAME, not by null or a number"),
        ("scheduler=null", "a group is chosen by GROUP=NAME, not by null or a number"),
        ("logger=[csvv]", "logger=csvv: there is no such choice; did you mean csv? known: csv, "),
        # The schemas that networks build on are no choices.
        (
            "model=unett",
            "model=unett: there is no such choice; did you mean unet? known: unet, unet_",
        ),
        # A file in a folder of its group.
        (
            "experiment=paper/unet_11",
            "experiment=paper/unet_11: there is no such choice; did you mean paper/unet_1? known: ",
        ),
        (
            "experiment=unet_1",
            "experiment=unet_1: there is no such choice; did you mean paper/unet_1? known: best, ",
        ),
        (
            "hydra/launcher=basik",
            "hydra/launcher=basik: there is no such choice; did you mean basic? known: basic",
        ),
        ("+loss=bce", "loss: chosen twice; on the command line leave out the +"),
        ("data@other=synthetic", "data@other: cannot be chosen here; --help names the groups"),
    ],
)
def test_a_choice_that_does_not_exist_is_told_with_those_that_do(
    override: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, override).startswith(message)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("trainer.max_epochs=abc", f"trainer.max_epochs: Value 'abc' {OF_TYPE_STR} Integer"),
        ("seed=1.5", "seed: Value '1.5' of type 'float' could not be converted to Integer"),
        ("model.dropout=abc", f"model.dropout: Value 'abc' {OF_TYPE_STR} Float"),
        ("data.store=maybe", "data.store: Value 'maybe' is not a valid bool (type str)"),
        (
            "data.root=null",
            "data.root=None: a folder, or several as [FOLDER,FOLDER], or with their sources as "
            "{SOURCE:FOLDER,SOURCE:FOLDER}",
        ),
        ("data.counts=[a,b]", f"data.counts[0]: Value 'a' {OF_TYPE_STR} Integer"),
        ("+loss.terms.bce=abc", f"loss.terms.bce: Value 'abc' {OF_TYPE_STR} Float"),
        ("loss.terms=[bce]", "loss.terms: Cannot merge DictConfig with ListConfig"),
        ("optimizer.lr=${seeed}", "optimizer.lr: Interpolation key 'seeed' not found"),
        ("data.root=???", "data.root: missing; give data.root=VALUE"),
    ],
)
def test_a_value_of_the_wrong_type_is_told_with_the_right_one(
    override: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, override) == message


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("optimizer.lr", "optimizer.lr: cannot be read; write optimizer.lr=VALUE"),
        ("", "'': cannot be read; write KEY=VALUE"),
        ("model.dropout=[0.1", f"model.dropout=[0.1: {OF_SYNTAX.format('model.dropout')}"),
        ("data.root=a=b", "data.root=a=b: cannot be read; write data.root=VALUE"),
        ("data.root=a,b", "data.root=a,b: add -m for a sweep over these; a list is data.root=[a,b"),
        (
            "data.image_size=96,160",
            "data.image_size=96,160: add -m for a sweep over these; a list is "
            "data.image_size=[96,160]",
        ),
    ],
)
def test_what_cannot_be_parsed_is_told_with_how_to_write_it(
    override: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, override).startswith(message)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ("model.dropout=1.5", "model.dropout=1.5: at least 0 and below 1"),
        ("data.image_size=0", "data.image_size=0: it is one side or [height, width], in whole"),
        ("data.image_size=abc", "data.image_size=abc: it is one side or [height, width], in "),
        ("data.image_size=100", "data.image_size=100 with model=unet: an image of 100x100"),
        ("seed=-1", "seed=-1: at least 0"),
        ("trainer.devices=two", "trainer.devices=two: auto, how many (such as 2), or which"),
        ("trainer.accelerator=gpuu", "trainer.accelerator=gpuu: one of auto, cpu, gpu, cuda, "),
        ("loss=bce loss.class_weights=auto", "loss.class_weights: no term of bce uses class we"),
    ],
)
def test_a_value_out_of_range_is_told_with_the_range(
    overrides: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, *overrides.split()).startswith(message)


@pytest.mark.parametrize(
    ("config", "content", "message"),
    [
        ("optimizer/mine", "lrr: 1", f"optimizer.lrr: {OF_OPTIMIZER}"),
        ("optimizer/mine", "lr: abc", f"optimizer.lr: Value 'abc' {OF_TYPE_STR} Float"),
        (
            "model/mine",
            "defaults: [unet, _self_]\ndropuot: 0.1",
            "model.dropuot: there is no such setting in model; did you mean dropout? known: name",
        ),
        (
            "model/mine",
            "defaults: [unet_schem]",
            "model=unet_schem: there is no such choice; did you mean unet_paper? known: unet, un",
        ),
        ("experiment/mine", "optimizer: {lrr: 1}", f"optimizer.lrr: {OF_OPTIMIZER}"),
        ("experiment/mine", "optimzer: {lr: 1}", f"optimzer: {OF_TRAIN.format('optimizer')}"),
        (
            "experiment/mine",
            "trainer: {max_epochs: abc}",
            f"trainer.max_epochs: Value 'abc' {OF_TYPE_STR} Integer",
        ),
        (
            "experiment/mine",
            "model: unet_paper",
            "unet_paper: a file of a group is chosen in the defaults list: override /GROUP: unet_",
        ),
        (
            "experiment/mine",
            "defaults: [override /modell: unet]",
            f"modell: there is no such group; did you mean /model? {GROUPS}",
        ),
        (
            "experiment/mine",
            "defaults: [/modell: unet]",
            f"modell: there is no such group; did you mean /model? {GROUPS}",
        ),
        (
            "experiment/mine",
            "defaults: [override model: unet]",
            f"model: there is no such group; did you mean /model? {GROUPS}",
        ),
    ],
)
def test_a_fault_in_a_file_names_the_file(
    config: str, content: str, message: str, copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    group, _, name = config.partition("/")
    header = "# @package _global_\n" if group == "experiment" else ""
    (copied / group).mkdir(exist_ok=True)
    (copied / f"{config}.yaml").write_text(f"{header}{content}\n")
    told = said(capsys, f"{group}={name}", conf=copied)
    assert told.startswith(f"{config}.yaml: {message}"), told


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "defaults: [override /model: unett]",
            "model=unett: there is no such choice; did you mean unet? known: unet, unet_paper, "
            "unet_pretrained",
        ),
        (
            "defaults: {override /model: unet}",
            "Invalid defaults list in 'experiment/mine', defaults must be a list (got mapping)",
        ),
        ("5", "a config file holds lines of KEY: VALUE"),
    ],
)
def test_a_fault_in_a_file_that_hydra_does_not_name_is_told(
    content: str, message: str, copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copied / "experiment" / "mine.yaml").write_text(f"# @package _global_\n{content}\n")
    assert said(capsys, "experiment=mine", conf=copied) == message


def test_a_choice_from_a_folder_of_configs_is_among_the_known(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copied / "optimizer" / "mine.yaml").write_text("lr: 1\n")
    told = said(capsys, "optimizer=mime", conf=copied)
    assert told.endswith("did you mean mine? known: adam, adamw, mine")


def test_broken_yaml_is_told_with_its_line(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copied / "optimizer" / "mine.yaml").write_text("lr: 1\n  weight_decay: [1\n")
    assert said(capsys, "optimizer=mine", conf=copied) == (
        "conf/optimizer/mine.yaml, line 2: broken YAML, mapping values are not allowed here"
    )


def test_an_experiment_without_its_first_line_is_told_so(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copied / "experiment" / "mine.yaml").write_text("optimizer: {lr: 1}\n")
    assert said(capsys, "experiment=mine", conf=copied) == (
        "experiment/mine.yaml: the first line of this file must be: # @package _global_"
    )


@pytest.mark.parametrize(
    ("override", "where"),
    [
        ("experiment=settings", "experiment/settings.yaml: "),
        ("experiment=choice", "experiment/choice.yaml: "),
        ("experiment=group", "search/default.yaml: "),
        ("search=ranges", ""),
        ("search.trials=3", ""),
        ("+search.trials=3", ""),
    ],
)
def test_a_search_in_a_training_is_sent_to_its_own_program(
    override: str, where: str, copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in (
        ("settings", "search: {trials: 3}"),
        ("choice", "defaults: [override /search: ranges]"),
        ("group", "defaults: [/search: ranges]"),
    ):
        (copied / "experiment" / f"{name}.yaml").write_text(f"# @package _global_\n{text}\n")
    line = "search: it is for tune.py alone; start a search by python tune.py SETTING=VALUE ..."
    assert said(capsys, override, conf=copied) == f"{where}{line}"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model=unet", "model: cannot be chosen here; --help names the groups"),
        ("checkpont=x", "checkpont: there is no such setting in the config; did you mean checkp"),
        ("data.root=x", "a group that is null has no settings; choose one first, such as data="),
        ("subset=val", "checkpoint: missing; give checkpoint=VALUE"),
        ("+subsett=x", "subsett: there is no such setting in the config; did you mean subset? k"),
    ],
)
def test_evaluation_has_its_own_settings(
    override: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, override, name="evaluate").startswith(message)


def test_all_added_settings_are_told_together() -> None:
    register_schemas()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", ["+optimizer.lrr=1", "+seedd=2", "+loss.terms.dice=1"])
    with pytest.raises(ConfigError) as caught:
        to_dataclass(config)
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == [
        "optimizer.lrr",
        "seedd",
    ]


def test_a_source_may_have_a_number_for_a_name() -> None:
    register_schemas()
    given = ["data.root={1:a,2:b}", "data.shares={1:.5}", "data.blocks={2:[64,16]}"]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        data = to_dataclass(compose("train", ["data=folder", *given])).data
    tables = (data.root, data.shares, data.blocks)
    assert tables == ({"1": "a", "2": "b"}, {"1": 0.5}, {"2": [64, 16]})
    # What YAML reads as no name is not renamed without a word.
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", ["data=folder", "data.root=a"])
    config.data.shares = {True: 0.5}
    with pytest.raises(ConfigError, match=r"^data\.shares: True is no name; quote it in a file$"):
        to_dataclass(config)


@pytest.mark.parametrize("bug", [KeyError("a bug"), ValueError("a bug"), AssertionError("a bug")])
def test_a_bug_keeps_its_traceback(bug: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: ConfigLoaderImpl, *arguments: object, **named: object) -> None:
        raise bug

    register_schemas()
    monkeypatch.setattr(ConfigLoaderImpl, "_compose_config_from_defaults_list", broken)
    with pytest.raises(type(bug), match="a bug") as caught:
        compose_and_check(["seed=1"], CONF, "train")
    assert caught.value is bug
    assert caught.traceback[-1].name == "broken"


def test_a_bug_in_what_a_config_calls_keeps_its_traceback() -> None:
    with pytest.raises(InstantiationException), exit_on_user_error():
        instantiate({"_target_": "builtins.int", "_args_": ["a bug"]})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        # Nothing would be trained on, if this passed.
        (["+optimizer.lrr=1", "data.root=x", "data=crackseg9k"], f"optimizer.lrr: {OF_OPTIMIZER}"),
        (["-m", "optimizer.lrr=1,2"], f"optimizer.lrr: {OF_OPTIMIZER}"),
        (
            ["-m", "--config-dir=mine", "experiment=mine"],
            f"experiment/mine.yaml: optimizer.lrr: {OF_OPTIMIZER}",
        ),
        (["optimizer.lr"], f"optimizer.lr: {OF_SYNTAX.format('optimizer.lr')}"),
        (["-m", "model.dropout=[0.1"], f"model.dropout=[0.1: {OF_SYNTAX.format('model.dropout')}"),
        (["-m", "loss=weigthed_bce,bce"], f"{OF_LOSS} {LOSSES}"),
        (["--resolve"], "The --resolve flag can only be used in conjunction with --cfg or --help"),
    ],
)
def test_the_command_line_says_no_more_than_that(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    experiment = tmp_path / "mine" / "experiment" / "mine.yaml"
    experiment.parent.mkdir(parents=True)
    experiment.write_text("# @package _global_\noptimizer: {lrr: 1}\n")
    done = run("train.py", *arguments, folder=tmp_path)
    assert (done.returncode, done.stderr, done.stdout) == (2, f"error: {message}\n", "")


def test_a_missing_root_is_named_with_what_to_do(tmp_path: Path) -> None:
    done = run("train.py", "data=crackseg9k", "data.root=nowhere", folder=tmp_path)
    assert done.returncode == 2
    assert "error: nowhere: no data set here (there is no such folder)" in done.stderr
    assert "data=synthetic" in done.stderr


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["checkpoint=none.ckpt"], "checkpoint=none.ckpt: there is no such file; a checkpoint,"),
        (["checkpoint=bad.ckpt"], "bad.ckpt: not a checkpoint, or truncated"),
        (
            ["checkpoint=bad.ckpt", "data=crackseg9k", "data.image_size=64"],
            "data.image_size=64: cannot be set here, it is the checkpoint's own",
        ),
    ],
)
def test_evaluate_says_what_is_wrong(overrides: list[str], message: str, tmp_path: Path) -> None:
    (tmp_path / "bad.ckpt").write_bytes(b"no zip")
    done = run("evaluate.py", *overrides, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {message}")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "override", ["data.mask_threshold=1", "++data.augment=true", "trainer.precision=bf16-mixed"]
)
def test_settings_that_would_be_ignored_are_refused(
    override: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    register_schemas()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("evaluate", ["data=crackseg9k", override], return_hydra_config=True)
    monkeypatch.setattr(HydraConfig.instance(), "cfg", config)
    with pytest.raises(ConfigError, match=rf"^{re.escape(override)}: cannot be set here, "):
        refuse_overrides(NOT_HERE)
