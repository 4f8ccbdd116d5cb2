"""Weights of background and crack that balance them."""


def balancing_weights(pixels: float, crack_pixels: float) -> tuple[float, float]:
    """Weights of background and crack: w_c = N / (2 N_c), N pixels in all and N_c of class c.

    A class that does not occur weighs as if it had one pixel.

    >>> balancing_weights(600, 100)
    (0.6, 3.0)
    """
    background_pixels = pixels - crack_pixels
    return pixels / (2 * max(background_pixels, 1)), pixels / (2 * max(crack_pixels, 1))
