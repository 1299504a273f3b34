"""Triangles to pixels: perspective, depth buffer, Phong shading with solid textures, several samples a pixel.

Vertices are snapped to 1/256 of a sample and coverage is decided in integers. Everything else is IEEE additions, multiplications,
divisions and square roots in a fixed order, without fused operations: the same bytes on every machine that keeps to IEEE 754.
"""

import numpy as np
from numba import njit

from vvslib.images.sandbox.noise import space
from vvslib.images.sandbox.scene import AMBIENT, LIGHT, MOTTLED, SHIFT, SPOTTED, STRETCH, STRIPED

DISTANCE = 4.5
"""Of the camera from the object's middle, in the object's radius."""

SPAN = 0.42 * np.sqrt(DISTANCE * DISTANCE - 1.0)
"""Makes the outline of a unit sphere 0.84 of the image's width."""

SUBPIXEL = 256


@njit
def project(corners, pose, side, screen, nearness):
    """Corners on the screen, in 1/256 sample, and the inverse of their distance."""
    for f in range(corners.shape[0]):
        for k in range(3):
            x, y = corners[f, k, 0] * pose[STRETCH], corners[f, k, 1] * pose[STRETCH + 1]
            z = corners[f, k, 2] * pose[STRETCH + 2]
            u = pose[0] * x + pose[1] * y + pose[2] * z
            v = pose[3] * x + pose[4] * y + pose[5] * z
            w = pose[6] * x + pose[7] * y + pose[8] * z
            near = 1.0 / (DISTANCE - w)
            nearness[f, k] = near
            screen[f, k, 0] = int(np.floor((0.5 + pose[SHIFT] + SPAN * u * near) * side * SUBPIXEL + 0.5))
            screen[f, k, 1] = int(np.floor((0.5 - pose[SHIFT + 1] - SPAN * v * near) * side * SUBPIXEL + 0.5))


@njit
def fill(f, screen, nearness, depth, owner):
    """Enter one face into the depth buffer wherever it is nearest."""
    x0, y0, x1, y1, x2, y2 = screen[0, 0], screen[0, 1], screen[1, 0], screen[1, 1], screen[2, 0], screen[2, 1]
    area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
    if area == 0:
        return
    sign = 1 if area > 0 else -1
    half, side = SUBPIXEL // 2, depth.shape[0]
    left, right = max((min(x0, x1, x2) - half) // SUBPIXEL, 0), min((max(x0, x1, x2) - half) // SUBPIXEL + 1, side - 1)
    top, bottom = max((min(y0, y1, y2) - half) // SUBPIXEL, 0), min((max(y0, y1, y2) - half) // SUBPIXEL + 1, side - 1)
    scale = 1.0 / (sign * area)
    for i in range(top, bottom + 1):
        y = i * SUBPIXEL + half
        for j in range(left, right + 1):
            x = j * SUBPIXEL + half
            a = sign * ((x1 - x) * (y2 - y) - (x2 - x) * (y1 - y))
            b = sign * ((x2 - x) * (y0 - y) - (x0 - x) * (y2 - y))
            c = sign * area - a - b
            if a >= 0 and b >= 0 and c >= 0:
                near = (a * nearness[0] + b * nearness[1] + c * nearness[2]) * scale
                if near > depth[i, j]:
                    depth[i, j] = near
                    owner[i, j] = f


@njit
def shade(grain, corners, normals, slots, pose, paint, screen, nearness, owner, samples, behind, out):
    """Mean light of each pixel's samples over the background, as bytes; display values are roots of linear light."""
    size, half = out.shape[0], SUBPIXEL // 2
    light = np.zeros(3)
    for i in range(size):
        for j in range(size):
            red = green = blue = 0.0
            hits = 0
            for p in range(samples):
                for q in range(samples):
                    f = owner[i * samples + p, j * samples + q]
                    if f < 0:
                        continue
                    y, x = (i * samples + p) * SUBPIXEL + half, (j * samples + q) * SUBPIXEL + half
                    _sample(grain, x, y, screen[f], nearness[f], corners[f], normals[f], paint[slots[f]], pose, light)
                    red, green, blue, hits = red + light[0], green + light[1], blue + light[2], hits + 1
            share = 1.0 / (samples * samples)
            rest = 1.0 - hits * share
            out[i, j, 0] = _byte(red * share + rest * behind[i, j, 0])
            out[i, j, 1] = _byte(green * share + rest * behind[i, j, 1])
            out[i, j, 2] = _byte(blue * share + rest * behind[i, j, 2])


@njit
def _sample(grain, x, y, screen, nearness, corners, normals, paint, pose, light):
    """Light of one sample, into `light` (3,)."""
    x0, y0, x1, y1, x2, y2 = screen[0, 0], screen[0, 1], screen[1, 0], screen[1, 1], screen[2, 0], screen[2, 1]
    a = ((x1 - x) * (y2 - y) - (x2 - x) * (y1 - y)) * nearness[0]
    b = ((x2 - x) * (y0 - y) - (x0 - x) * (y2 - y)) * nearness[1]
    c = ((x0 - x) * (y1 - y) - (x1 - x) * (y0 - y)) * nearness[2]
    whole = 1.0 / (a + b + c)
    a, b, c = a * whole, b * whole, c * whole
    px = a * corners[0, 0] + b * corners[1, 0] + c * corners[2, 0]
    py = a * corners[0, 1] + b * corners[1, 1] + c * corners[2, 1]
    pz = a * corners[0, 2] + b * corners[1, 2] + c * corners[2, 2]
    mx = (a * normals[0, 0] + b * normals[1, 0] + c * normals[2, 0]) / pose[STRETCH]
    my = (a * normals[0, 1] + b * normals[1, 1] + c * normals[2, 1]) / pose[STRETCH + 1]
    mz = (a * normals[0, 2] + b * normals[1, 2] + c * normals[2, 2]) / pose[STRETCH + 2]
    nx = pose[0] * mx + pose[1] * my + pose[2] * mz
    ny = pose[3] * mx + pose[4] * my + pose[5] * mz
    nz = pose[6] * mx + pose[7] * my + pose[8] * mz
    inverse = 1.0 / np.sqrt(nx * nx + ny * ny + nz * nz + 1e-12)
    if nz < 0.0:  # sheets are seen from both sides
        inverse = -inverse
    nx, ny, nz = nx * inverse, ny * inverse, nz * inverse
    facing = nx * pose[LIGHT] + ny * pose[LIGHT + 1] + nz * pose[LIGHT + 2]
    tone = 1.0
    if paint[4] > 0.0:
        cells = paint[6]
        value = space(grain, px * cells + 64.0, py * cells + 64.0, pz * cells + 64.0)
        if paint[4] == MOTTLED:
            fine = space(grain, px * 2.7 * cells + 64.0, py * 2.7 * cells + 64.0, pz * 2.7 * cells + 64.0)
            value = 0.65 * value + 0.35 * fine
        elif paint[4] == STRIPED:
            rings = py * cells * 1.5 + 2.0 * value
            wave = rings - np.floor(rings)
            value = 4.0 * wave * (1.0 - wave)
        elif paint[4] == SPOTTED:
            value = min(max((value - 0.55) * 12.0, 0.0), 1.0)
        tone = 1.0 + 2.0 * paint[5] * (value - 0.5)
    # Ambient light comes from above more than from below; the rest from the lamp, softened round the edge.
    diffuse = pose[AMBIENT] * (1.0 + 0.6 * ny) + (1.0 - pose[AMBIENT]) * max(0.9 * facing + 0.1, 0.0)
    shine = 0.0
    if paint[3] > 0.0 and facing > 0.0:
        hx, hy, hz = pose[LIGHT], pose[LIGHT + 1], pose[LIGHT + 2] + 1.0
        cosine = (nx * hx + ny * hy + nz * hz) / np.sqrt(hx * hx + hy * hy + hz * hz)
        squared = cosine * cosine
        squared = squared * squared * squared * squared
        shine = paint[3] * squared * squared * squared * squared
    for k in range(3):
        light[k] = paint[k] * tone * diffuse * 1.15 + shine


@njit
def _byte(linear):
    return np.uint8(int(255.0 * np.sqrt(min(max(linear, 0.0), 1.0)) + 0.5))
