"""Small data sets that tests draw, and what is measured of them."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from crackseg.data.analysis.explore import Exploration, Measured, explore
from crackseg.preprocessing import Preprocessing

# Folders of CrackSeg9k V4.
MASKS = "Final-Dataset-Vol1/Final_Masks/Masks"
IMAGES = "Final-Dataset-Vol1/Images"
MORE = "Final-Dataset-Vol2/Images-2"


def draw_pair(seed: int, size: tuple[int, int] = (64, 64)) -> tuple[np.ndarray, np.ndarray]:
    """A grey photograph (H, W, 3) with a dark line, and its anti-aliased mask (H, W)."""
    generator = np.random.default_rng(seed)
    height, width = size
    mask = np.zeros(size, np.uint8)
    ends = generator.integers(0, height, 2)
    cv2.line(mask, (0, int(ends[0])), (width - 1, int(ends[1])), 255, 5, cv2.LINE_AA)
    ground = generator.integers(150, 200, (height, width, 1)) + generator.integers(0, 20, 3)
    image = ground * (1 - 0.7 * mask[:, :, None] / 255)
    return image.astype(np.uint8), mask


def write_archive(root: Path, count: int = 20, size: tuple[int, int] = (64, 64)) -> Path:
    """Writes pairs in the layout of CrackSeg9k V4, over both volumes."""
    masks = root / "Final-Dataset-Vol1" / "Final_Masks" / "Masks"
    volumes = [root / "Final-Dataset-Vol1" / "Images", root / "Final-Dataset-Vol2" / "Images-2"]
    for folder in (masks, *volumes):
        folder.mkdir(parents=True)
    for index in range(count):
        image, mask = draw_pair(index, size)
        Image.fromarray(image).save(volumes[index % 2] / f"CFD_{index:03d}.png")
        Image.fromarray(mask).save(masks / f"CFD_{index:03d}.png")
    return root


# By stem: the rows of the mask that are crack, and how grey they are.
DRAWN = {
    "CFD_001": (slice(10, 14), 255),
    "CFD_002": (slice(10, 12), 255),
    "Ceramic_001": (slice(10, 13), 100),
    "noncrack_noncrack_wall_1_1": (slice(0, 0), 0),
    "noncrack_noncrack_wall_1_2": (slice(0, 0), 0),
}


def write_by_hand(root: Path) -> Path:
    """Photographs of noise and masks of one level line each, 40x40."""
    generator = np.random.default_rng(0)
    for folder in ("images", "masks"):
        (root / folder).mkdir(parents=True)
    for stem, (rows, grey) in DRAWN.items():
        mask = np.zeros((40, 40), np.uint8)
        mask[rows] = grey
        photograph = generator.integers(0, 256, (40, 40, 3)).astype(np.uint8)
        Image.fromarray(photograph).save(root / "images" / f"{stem}.png")
        Image.fromarray(mask).save(root / "masks" / f"{stem}.png")
    return root


def explored(root: Path, cache: Path, size: int = 20, cut: int = 127) -> Exploration:
    """What is measured of a folder at a square size."""
    return explore([root], Preprocessing((size, size), "area", cut), cache)


def measured(exploration: Exploration, stem: str) -> Measured:
    """What is measured of one pair."""
    return next(one for one in exploration.measured if one.pair.stem == stem)


def save(picture: np.ndarray, path: Path) -> None:
    """Writes a picture, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)


def save_photograph(path: Path, size: tuple[int, int] = (20, 30)) -> None:
    """Writes a coloured photograph of noise, another one for each name and folder."""
    random = np.random.default_rng([*"/".join(path.parts[-3:]).encode()])
    save(random.integers(60, 200, (*size, 3), np.uint8), path)


def save_mask(path: Path, size: tuple[int, int] = (20, 30)) -> None:
    """Writes a mask with a crack that is five rows wide."""
    mask = np.zeros(size, np.uint8)
    mask[5:10, 10:25] = 255
    save(mask, path)


def write_trap(root: Path, stem: str, seed: int, mask: np.ndarray | None = None) -> None:
    """A pair whose mask may be another one than is right."""
    image, right = draw_pair(seed)
    save(image, root / IMAGES / f"{stem}.png")
    save(right if mask is None else mask, root / MASKS / f"{stem}.png")


def write_traps(root: Path) -> Path:
    """CrackSeg9k V4 with eight good pairs and a pair or two for every trap."""
    write_archive(root, count=8)
    empty = np.zeros((64, 64), np.uint8)
    for number in (1, 2):
        write_trap(root, f"noncrack_noncrack_concrete_wall_{number}_7", 100 + number, empty)
    write_trap(root, "Ceramic_001", 110, 255 - draw_pair(110)[1])
    write_trap(root, "Ceramic_002", 111, cv2.resize(draw_pair(111)[1], (80, 80)))
    blurred = cv2.GaussianBlur(draw_pair(112)[1], (0, 0), 12)
    write_trap(root, "Ceramic_003", 112, blurred)
    write_trap(root, "cracktree200_1", 120, draw_pair(120)[1] // 3)
    # CFD_000's mask stands beside another photograph.
    write_trap(root, "CFD_100", 130, draw_pair(0)[1])
    # A photograph under two names, and another one turned and recompressed.
    write_trap(root, "CFD_101", 1)
    turned, mask = (np.ascontiguousarray(one[::-1, ::-1]) for one in draw_pair(2))
    Image.fromarray(turned).save(root / MORE / "CFD_102.jpg", quality=60)
    save(mask, root / MASKS / "CFD_102.png")
    write_trap(root, "a_0_1", 140, (draw_pair(140)[1] > 127).astype(np.uint8))
    write_trap(root, "Volker_x_1_2_3_4", 150)
    damaged = root / MASKS / "Volker_x_1_2_3_4.png"
    damaged.write_bytes(damaged.read_bytes()[:60])
    save(draw_pair(160)[0], root / IMAGES / "lonely.png")
    save(draw_pair(161)[1], root / MASKS / "orphan.png")
    save(draw_pair(162)[1], root / MASKS.replace("Masks/Masks", "Masks/Heads") / "CFD_000.png")
    return root


def noise_of(folder: Path) -> str:
    """A folder with five pictures that look like nothing that was trained on."""
    noise = np.random.default_rng(0).integers(0, 2, (5, 40, 60, 3), np.uint8) * 255
    (folder / "noise").mkdir()
    for number, picture in enumerate(noise):
        Image.fromarray(picture).save(folder / "noise" / f"{number}.png")
    return str(folder / "noise")
