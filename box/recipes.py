"""What each network of the box is trained and judged on, and on which terms that was published."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A set of photographs.

    Attributes:
        folder: Folder below that of all data.
        holds: What it shows, in a phrase.
        licence: Licence as those who published it stated it.
        brush: Whether its masks were painted broader than the cracks, and are tightened first.
    """

    folder: str
    holds: str
    licence: str
    brush: bool = False


@dataclass(frozen=True)
class Drawn:
    """A set of photographs that crackseg draws.

    Attributes:
        count: Number of photographs.
        seed: Seed of the first one.
        worn: Whether they show worn asphalt and concrete, and not all surfaces.
    """

    count: int
    seed: int
    worn: bool = False

    @property
    def holds(self) -> str:
        """What they show, in a phrase."""
        return "worn asphalt and concrete" if self.worn else "synthetic surfaces"


@dataclass(frozen=True)
class Recipe:
    """What a network is trained and judged on.

    Attributes:
        experiment: Its settings, below ``conf/experiment``.
        sources: Sets that it is trained on.
        drawn: Sets that are drawn for its training.
        unseen: Sets that it is judged on and never trained on.
        without: Names of sources that its training leaves out.
        then: Settings of trainings that each go on from the one before.
    """

    experiment: str
    sources: tuple[Source, ...]
    drawn: tuple[Drawn, ...]
    unseen: tuple[Source, ...]
    without: tuple[str, ...] = ()
    then: tuple[str, ...] = ()


_UNSTATED = "none stated"
CORPUS = Source(
    "crackseg-real",
    "crops of roads, masonry and ceramic in CrackSeg9k's layout: CRACK500, DeepCrack, masonry, "
    "Ceramic, CFD",
    "CC0 as CrackSeg9k was posted; DeepCrack and CFD: non-commercial research",
)
DEEPCRACK = Source(
    "deepcrack", "DeepCrack's training half at its own size", "non-commercial research"
)
CRACK500 = Source(
    "more/crack500", "whole road photographs of Crack500, halved", "none stated; for research"
)
CRACKMAP = Source("more/crackmap", "roads from a car", _UNSTATED)
UAV = Source("more/uav", "concrete dams, walls and roads from the air", "CC0")
NONCRACK = Source("more/noncrack", "walls with joints and formwork, without cracks", _UNSTATED)
CCIC = Source("more/ccic-negative", "concrete without cracks", "CC BY 4.0 (Ozgenel)")
RISSBILDER = Source(
    "more/rissbilder", "concrete and buildings, masks tightened", _UNSTATED, brush=True
)
VOLKER = Source("more/volker", "concrete, masks tightened", _UNSTATED, brush=True)

# A crop whose photograph nobody knows could be in two subsets.
UNTRACED = "CRACK500_untraced"

RECIPES: Mapping[str, Recipe] = {
    "research": Recipe(
        experiment="box/research",
        sources=(CORPUS, DEEPCRACK, CRACK500, CRACKMAP, UAV, NONCRACK, CCIC, RISSBILDER),
        drawn=(Drawn(360, 0),),
        unseen=(VOLKER,),
        # The corpus has it squeezed to squares.
        without=("DeepCrack", UNTRACED),
        then=("box/research_looks",),
    ),
    "open": Recipe(
        experiment="box/open",
        sources=(UAV, CCIC),
        drawn=(Drawn(900, 1), Drawn(360, 0), Drawn(900, 2, worn=True)),
        unseen=(DEEPCRACK, CRACK500, CRACKMAP, NONCRACK, RISSBILDER, VOLKER),
        then=("box/open_looks",),
    ),
}


@dataclass(frozen=True)
class Family:
    """Sources that one network is trained without, and judged on.

    Attributes:
        name: Name in tables and of its folder.
        holds: What they show, in a phrase.
        sources: Names of the sources in the list of origins.
    """

    name: str
    holds: str
    sources: tuple[str, ...]


# Scenes from the air are eight of one campaign, too few to judge by.
FAMILIES = (
    Family("crack500", "asphalt from a phone, near", ("CRACK500", "Crack500_whole")),
    Family("deepcrack", "concrete and asphalt, broad cracks", ("DeepCrack537",)),
    Family("roads", "asphalt from a car and on foot, thin cracks", ("crackmap", "CFD")),
    Family("masonry", "brick walls and ceramic tiles", ("masonry", "Ceramic")),
    Family("concrete", "concrete buildings, hairlines", ("Rissbilder", "Volker")),
)
# The research network's sources, and the set that it is judged on: here each is left out once.
ALL = Recipe(
    experiment="box/research",
    sources=(*RECIPES["research"].sources, VOLKER),
    drawn=RECIPES["research"].drawn,
    unseen=(),
    without=RECIPES["research"].without,
)
# Beside those of conf/experiment/box/research.yaml.
SHARES_OF_UNSEEN: Mapping[str, float] = {"Volker": 0.06}
