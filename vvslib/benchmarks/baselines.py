"""Features that need no network, which every model should beat: pixels, and the energy of Gabor filters.

Images in, features out, by numpy and scipy alone; deterministic. They are controls, and no model of V1.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft

from vvslib.errors import VvsError

BATCH = 64  # images filtered at once, so that memory does not grow with their number


def pixels(images: ArrayLike, side: int = 32) -> NDArray[np.float32]:
    """Pixels of the images at one size, from 0 to 1.

    Parameters
    ----------
    images
        uint8 ``(n, side, side, 3)``.
    side
        To which they are averaged down, or repeated up, in px.

    Returns
    -------
    ndarray
        ``(n, side · side · 3)``.

    Raises
    ------
    VvsError
        For what are no such images.

    Examples
    --------
    >>> pixels(np.full((2, 64, 64, 3), 51, np.uint8), side=4).shape
    (2, 48)
    """
    shown = _checked(images)
    return resized(shown, side).reshape(len(shown), -1)


def gabor_energy(
    images: ArrayLike, side: int = 64, *, cycles: ArrayLike = (2, 4, 8, 16), n_orientations: int = 8, grid: int = 8
) -> NDArray[np.float32]:
    """Energy of Gabor filters of several frequencies and orientations, averaged over the cells of a grid.

    The filters are Gaussians in the Fourier domain, an octave wide at half height along the frequency and 40° across it, about
    the median bandwidths of V1 (De Valois, Albrecht & Thorell 1982; De Valois, Yund & Hepler 1982). Each passes one side of the
    spectrum only, so that its output is the quadrature pair of the classical energy model (Adelson & Bergen 1985), whose modulus
    is the root of the energy. Luminance only; the image's mean is taken off, and its edges wrap.

    Parameters
    ----------
    images
        uint8 ``(n, side, side, 3)``.
    side
        At which they are filtered, in px; a power of two is fastest.
    cycles
        Spatial frequencies, cycles an image; at most half of `side`.
    n_orientations
        From 0° in equal steps below 180°.
    grid
        Cells a side, over which the energy is averaged; it must divide `side`.

    Returns
    -------
    ndarray
        ``(n, n_frequencies · n_orientations · grid · grid)``.

    Raises
    ------
    VvsError
        For what are no such images, frequencies that the size does not hold, and a grid that does not divide it.

    Examples
    --------
    >>> x = np.arange(64) / 64
    >>> grating = np.round(127.5 + 100 * np.sin(2 * np.pi * 8 * x)).astype(np.uint8)  # 8 cycles, vertical bars
    >>> image = np.broadcast_to(grating[None, :, None], (64, 64, 3))
    >>> energy = gabor_energy(image[None]).reshape(4, 8, 64).mean(axis=2)
    >>> np.unravel_index(energy.argmax(), energy.shape)  # of 2, 4, 8, 16 cycles; of 0°, 22.5°, …
    (2, 0)
    """
    shown = _checked(images)
    frequencies = np.atleast_1d(np.asarray(cycles, float))
    if frequencies.min() <= 0 or frequencies.max() > side / 2:
        raise VvsError(f"cycles must lie between 0 and half of the {side} px; got {frequencies.min():g} to {frequencies.max():g}")
    if side % grid:
        raise VvsError(f"grid must divide the side of {side} px; got {grid}")
    filters = _filters(side, frequencies, n_orientations)
    cells = np.repeat(np.eye(grid, dtype=np.float32), side // grid, axis=1) * (grid / side)
    found = np.empty((len(shown), len(filters) * grid * grid), np.float32)
    for first in range(0, len(shown), BATCH):
        luminance = resized(shown[first : first + BATCH], side) @ np.array([0.299, 0.587, 0.114], np.float32)
        spectrum = fft.fft2(luminance - luminance.mean(axis=(1, 2), keepdims=True))
        for number, one in enumerate(filters):
            energy = np.abs(fft.ifft2(spectrum * one))
            pooled = cells @ energy @ cells.T  # means over cells, as products: several times faster than as means
            found[first : first + BATCH, number * grid * grid : (number + 1) * grid * grid] = pooled.reshape(len(pooled), -1)
    return found


def resized(images: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """Images at another size, from 0 to 1: each pixel the mean of the area it covers, ``(n, side, side, 3)``.

    Examples
    --------
    >>> resized(np.arange(0, 256, 17, dtype=np.uint8).reshape(1, 4, 4, 1), 2)[0, :, :, 0].round(3)
    array([[0.167, 0.3  ],
           [0.7  , 0.833]], dtype=float32)
    """
    weights = _areas(images.shape[1], side)
    scaled = images.astype(np.float32) / 255
    return np.einsum("ai,nijc,bj->nabc", weights, scaled, weights, optimize=True)


def _areas(before: int, after: int) -> NDArray[np.float32]:
    """What share each old pixel has in each new one, ``(after, before)``."""
    edges = np.arange(after + 1) * before / after
    start, end = edges[:-1, None], edges[1:, None]
    old = np.arange(before)
    overlap = np.clip(np.minimum(end, old + 1) - np.maximum(start, old), 0, None)
    return (overlap / overlap.sum(axis=1, keepdims=True)).astype(np.float32)


def _filters(side: int, frequencies: NDArray[np.float64], n_orientations: int) -> NDArray[np.float32]:
    """Gains ``(n_frequencies · n_orientations, side, side)`` in the order of ``fft2``; 0° is that of upright bars."""
    fy, fx = np.meshgrid(*[np.fft.fftfreq(side, 1 / side)] * 2, indexing="ij")
    radius, angle = np.hypot(fx, fy), np.arctan2(fy, fx)
    octaves = np.log2(np.where(radius > 0, radius, np.nan))
    gains = []
    for frequency in frequencies:
        along = np.exp(-np.log(2) * ((octaves - np.log2(frequency)) / 0.5) ** 2)
        for orientation in np.arange(n_orientations) * np.pi / n_orientations:
            turned = np.angle(np.exp(1j * (angle - orientation)))
            across = np.exp(-np.log(2) * (turned / np.deg2rad(20)) ** 2)
            gains.append(np.nan_to_num(along * across))
    return np.array(gains, np.float32)


def _checked(images: ArrayLike) -> NDArray[np.uint8]:
    shown = np.asarray(images)
    if shown.ndim != 4 or shown.shape[1] != shown.shape[2] or shown.shape[3] != 3 or shown.dtype != np.uint8:
        raise VvsError(f"images must be uint8, stimuli × side × side × 3; got {shown.dtype} {shown.shape}")
    return shown
