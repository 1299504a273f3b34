"""A batch of scenes drawn and rendered without the interpreter in between, compiled once for each version of the renderer."""

import numpy as np
from numba import njit

from vvslib.images.sandbox.background import paint_background
from vvslib.images.sandbox.counter import mix
from vvslib.images.sandbox.raster import fill, project, shade
from vvslib.images.sandbox.scene import LENGTH, N_SLOTS, draw_paint, draw_palette, draw_pose


def compiled(stamp: int):
    """The compiled renderer.

    numba keeps compiled code beside a module and looks at the time of change of that module only: after an edit of `scene` or
    `noise` it would go on with what it had compiled before. A function's closure is part of its key, hence the stamp.

    Parameters
    ----------
    stamp
        Number of the renderer's version.

    Returns
    -------
    function
        ``render_many(states, categories, meshes, corners, normals, slots, starts, colours, counts, finish, views, widths,
        samples, out)`` fills `out`, uint8 (n, size, size, 3). Each image has a counter (uint64), a category and a mesh (int64),
        shape (n,); then the arrays of a `catalogue.Catalogue`; `widths` is a row of `scene.VARIATIONS`, float64 (5,); `samples`
        are taken in a pixel along each axis.
    """

    @njit(cache=True, nogil=True)
    def render_many(
        states, categories, meshes, corners, normals, slots, starts, colours, counts, finish, views, widths, samples, out
    ):
        if stamp < 0:
            return
        size = out.shape[1]
        side = size * samples
        most = 0
        for m in range(starts.size - 1):
            most = max(most, starts[m + 1] - starts[m])
        pose, paint, palette = np.zeros(LENGTH), np.zeros((N_SLOTS, 7)), np.zeros((3, 3))
        depth, owner = np.zeros((side, side)), np.zeros((side, side), np.int32)
        screen, nearness = np.zeros((most, 3, 2), np.int64), np.zeros((most, 3))
        behind = np.zeros((size, size, 3))
        for n in range(states.size):
            state, category = states[n], categories[n]
            first, last = starts[meshes[n]], starts[meshes[n] + 1]
            draw_pose(mix(state, np.uint64(1)), widths, views[category], pose)
            draw_paint(mix(state, np.uint64(2)), colours[category], counts[category], finish[category], paint)
            draw_palette(mix(state, np.uint64(3)), paint, palette)
            paint_background(mix(state, np.uint64(4)), palette, size, behind)
            depth[:] = 0.0
            owner[:] = -1
            project(corners[first:last], pose, side, screen, nearness)
            for f in range(last - first):
                fill(f, screen[f], nearness[f], depth, owner)
            grain = mix(state, np.uint64(5))
            shade(
                grain, corners[first:last], normals[first:last], slots[first:last], pose, paint, screen, nearness, owner, samples,
                behind, out[n],
            )  # fmt: skip

    return render_many
