"""The house stays what ``docs/architecture.md`` says: imports point one way, files stay short."""

import ast
import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "crackseg"
MODULES = sorted(PACKAGE.rglob("*.py"))

# From the top floor down. A room imports from the floors below, and from its own floor what
# stands to its right.
FLOORS = (
    ("search",),
    ("cli", "app", "launch"),
    ("workflows",),
    ("reporting",),
    ("adaptation", "distillation"),
    ("evaluation", "training"),
    ("formats", "data", "runs"),
    ("inference",),
    ("config", "checkpoint", "parameters", "preprocessing", "visualization", "weights"),
    ("images", "measurement", "models", "losses", "metrics", "system"),
    ("errors", "geometry", "limits"),
)
DATA_FLOORS = (
    ("datamodule", "training_order"),
    ("prepare", "mask_checks", "loaders", "dataset", "analysis"),
    ("cache", "readers"),
    ("splits",),
    ("discovery",),
    ("annotations",),
)
# They import nothing else of data.
DATA_ALONE = ("synthetic", "download", "augmentation", "transforms", "samplers", "class_weights")

MOST_LINES = 300
MOST_MODULES = 14


def imported(module: Path) -> Iterator[tuple[str, ...]]:
    """The modules of the package that a module imports, also within functions, in parts."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            parts = tuple(node.module.split("."))
            if parts[0] == "crackseg":
                # ``from crackseg import losses`` names the module behind the word import.
                yield from ((*parts[1:], alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            names = (alias.name.split(".") for alias in node.names)
            yield from (tuple(name[1:]) for name in names if name[0] == "crackseg")


def ranks(floors: Sequence[Sequence[str]]) -> Mapping[str, int]:
    return {room: rank for rank, room in enumerate(room for floor in floors for room in floor)}


def arrows(folder: Path, prefix: tuple[str, ...]) -> set[tuple[str, str, str]]:
    """(module, its room, a room that it imports), of the rooms in a folder."""
    found = set()
    for module in sorted(folder.rglob("*.py")):
        own = module.relative_to(folder).with_suffix("").parts[0]
        for parts in imported(module):
            if parts[: len(prefix)] == prefix and len(parts) > len(prefix):
                found.add((str(module.relative_to(PACKAGE)), own, parts[len(prefix)]))
    return {arrow for arrow in found if arrow[1] not in ("__init__", arrow[2])}


def test_packages_import_only_what_stands_below_them() -> None:
    rank = ranks(FLOORS)
    rooms = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert rooms - set(rank) == {"__init__", "__pycache__"} & rooms
    wrong = [a for a in arrows(PACKAGE, ()) if a[2] in rank and rank[a[1]] > rank[a[2]]]
    assert sorted(wrong) == []


def test_rooms_of_data_import_only_what_stands_below_them() -> None:
    rank = ranks(DATA_FLOORS)
    found = arrows(PACKAGE / "data", ("data",))
    assert {room for _, room, _ in found} <= {*rank, *DATA_ALONE}
    wrong = [
        (module, other)
        for module, room, other in found
        if room in DATA_ALONE or (other in rank and rank[room] > rank[other])
    ]
    assert sorted(wrong) == []


def test_floors_tell_an_arrow_upwards() -> None:
    """The test above would otherwise pass on arrows that it does not see."""
    assert ("data/datamodule.py", "data", "config") in arrows(PACKAGE, ())
    assert ("data/readers.py", "readers", "annotations") in arrows(PACKAGE / "data", ("data",))
    assert ranks(FLOORS)["errors"] > ranks(FLOORS)["data"]


def test_no_file_is_too_long() -> None:
    lines = {module.name: len(module.read_text("utf-8").splitlines()) for module in MODULES}
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


def test_no_package_is_too_wide() -> None:
    folders = {module.parent for module in MODULES}
    wide = {f.name: n for f in folders if (n := len(list(f.glob("*.py")))) > MOST_MODULES}
    assert wide == {}


ROLE = re.compile(r":(?:py:)?(?:mod|class|func|meth|data|attr|exc|obj):`~?([^`]+)`")


def references(module: Path) -> Iterator[tuple[str, str]]:
    """The references in a module's docstrings, each behind the class that it stands in."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            for name in ROLE.findall(ast.get_docstring(node) or ""):
                yield (f"{node.name}." if isinstance(node, ast.ClassDef) else "", name)


def resolves(module: str, within: str, name: str) -> bool:
    """Whether a reference in a docstring of a module, perhaps of a class in it, leads somewhere."""
    classes = vars(importlib.import_module(module)).values()
    owners = [f"{one.__qualname__}." for one in classes if isinstance(one, type)]
    starts = ("", f"{module}.", f"{module}.{within}", *(f"{module}.{owner}" for owner in owners))
    return any(leads_somewhere(f"{start}{name}") for start in starts)


def leads_somewhere(dotted: str) -> bool:
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        try:
            thing = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for part in parts[length:]:
            fields = getattr(thing, "__dataclass_fields__", {}) | getattr(
                thing, "__annotations__", {}
            )
            if not hasattr(thing, part) and part not in fields:
                return False
            thing = getattr(thing, part, None)
        return True
    return False


def test_every_reference_in_a_docstring_resolves() -> None:
    broken = []
    for module in MODULES:
        parts = ("crackseg", *module.relative_to(PACKAGE).with_suffix("").parts)
        name = ".".join(part for part in parts if part != "__init__")
        broken += [
            (name, reference)
            for within, reference in references(module)
            if not resolves(name, within, reference)
        ]
    assert broken == []


NAMED = re.compile(
    r"(?<![\w/.-])(?:benchmarks|box|conf|crackseg|docs|tests)/[\w/-]+\.(?:py|md|yaml)\b"
)
ROOT = PACKAGE.parent
WRITTEN = (
    "*.md",
    "docs/**/*.md",
    "conf/**/*.yaml",
    "crackseg/**/*.py",
    "box/*.py",
    "benchmarks/*.py",
)


def test_every_file_that_a_comment_or_a_page_names_is_there() -> None:
    # The worked examples make the files that they name.
    pages = {page for pattern in WRITTEN for page in ROOT.glob(pattern)} - {
        ROOT / "docs/extending.md"
    }
    named = [
        (page.relative_to(ROOT).as_posix(), path)
        for page in sorted(pages)
        for path in NAMED.findall(page.read_text(encoding="utf-8"))
    ]
    assert len(named) > 20
    assert [one for one in named if not (ROOT / one[1]).is_file()] == []


# An entry of Args, Attributes or Raises: its name, perhaps its type in brackets, and its words.
ENTRY = re.compile(r"    (\*{0,2}\w+)(?: \([^)]*\))?: (.*)")
SECTION = re.compile(r"(Args|Attributes|Raises|Returns|Yields|References|Examples?|Shape):")
DESCRIBED = ("Args", "Attributes", "Raises")


def described(docstring: str) -> Iterator[tuple[str, str]]:
    """The names that a docstring describes, each with the first line about it."""
    section = ""
    for line in docstring.splitlines():
        if match := SECTION.match(line):
            section = match[1]
        elif section in DESCRIBED and (match := ENTRY.fullmatch(line)):
            yield match[1], match[2]


def fragments(module: Path) -> Iterator[tuple[str, str, str]]:
    """(class or function, name, words) of what a module describes by less than a phrase."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            for name, words in described(ast.get_docstring(node) or ""):
                if not re.match(r"[A-Z0-9`(:\"']", words):
                    yield node.name, name, words


def test_arguments_are_described_in_whole_phrases() -> None:
    """A phrase such as "Seed of the draw.", not "of the draw.", begins with a capital."""
    found = [(module.name, *fragment) for module in MODULES for fragment in fragments(module)]
    assert found == []


def test_fragments_are_told_from_phrases() -> None:
    """The test above would otherwise pass on fragments that it does not see."""
    docstring = (
        "Draws.\n\nArgs:\n    seed: of the draw.\n    *names: Names.\n\nRaises:\n    E: a fault."
    )
    assert list(described(docstring)) == [
        ("seed", "of the draw."),
        ("*names", "Names."),
        ("E", "a fault."),
    ]
