"""The rendered sandbox: the same everywhere, independent image by image, varied as said, and recognisable."""

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vvslib import images
from vvslib.errors import VvsError
from vvslib.images.sandbox import CLASSES, STREAMS, VARIATIONS, render
from vvslib.images.sandbox.catalogue import CATEGORIES, N_EXEMPLARS, catalogue
from vvslib.images.sandbox.counter import cos_sin, units
from vvslib.images.sandbox.mesh import corner_normals, join, normalised
from vvslib.images.sandbox.scene import LENGTH, LIGHT, SHIFT, STRETCH, draw_pose
from vvslib.images.sandbox.shapes import box, ellipsoid

KNOWN = {
    (32, "low"): "96057a9617df0c79d0987fe500ceadf618b550965654949dc3f3ca92cbc7ec58",
    (32, "medium"): "54469ee54af97fa411bb8f455201af3f7cf1b5a590905adf78fd9545b52f3c4f",
    (48, "high"): "15125b964e4f982fe98f6f5285b5c2949f45b3aa4d5502cac5b366562fb8c653",
}
"""sha256 of two images of every class, by size and variation."""


def digest(size, variation):
    """sha256 of the first two stimuli of every class."""
    pixels = render(np.repeat(np.arange(len(CLASSES)), 2), np.tile([0, 1], len(CLASSES)), size, variation, seed=3)
    return hashlib.sha256(pixels.tobytes()).hexdigest()


def of_index(index):
    """Digest of one image; in the workers of a pool."""
    return hashlib.sha256(render(["mug"], [index], 32).tobytes()).hexdigest()


@pytest.fixture(scope="module")
def some():
    """Eight images of every class, medium variation, 32 px."""
    return render(np.repeat(np.arange(len(CLASSES)), 8), np.tile(np.arange(8), len(CLASSES)), 32)


# The same everywhere


@pytest.mark.parametrize(("size", "variation"), KNOWN)
def test_known_images(size, variation):
    """These bytes come out on every machine; a change of the renderer has to be meant."""
    assert digest(size, variation) == KNOWN[size, variation]


@pytest.mark.slow
def test_other_instructions_give_the_same_bytes(tmp_path):
    """Compiled for the plainest processor (no AVX, no fused multiply-add) and unoptimised, the images are the same."""
    code = "import sys; sys.path.insert(0, 'tests'); from test_sandbox import digest; print(digest(32, 'medium'))"
    plain = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NUMBA_OPT": "0", "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **plain}, capture_output=True, text=True, check=True, timeout=300
    )
    assert done.stdout.strip() == KNOWN[32, "medium"]


@given(st.lists(st.tuples(st.integers(0, len(CLASSES) - 1), st.integers(0, 7)), min_size=1, max_size=6))
def test_an_image_does_not_depend_on_the_others(some, wanted):
    """Whatever is rendered with it, and in which order, image i of class c is the same."""
    classes, indices = map(list, zip(*wanted, strict=True))
    got = render(classes, indices, 32)
    assert np.array_equal(got, some[np.array(classes) * 8 + np.array(indices)])


def test_threads_change_nothing(some):
    """One thread or three."""
    classes, indices = np.repeat(np.arange(len(CLASSES)), 8), np.tile(np.arange(8), len(CLASSES))
    for threads in (1, 3):
        assert np.array_equal(render(classes, indices, 32, threads=threads), some)


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_worker_processes_render(start):
    """In forked and in spawned processes, after the parent has rendered."""
    expected = [of_index(k) for k in range(3)]
    with ProcessPoolExecutor(2, mp_context=get_context(start)) as pool:
        assert list(pool.map(of_index, range(3))) == expected


def test_sines_are_right():
    """Within 1e-8 of the C library's, and exactly periodic in quarters."""
    turns = np.linspace(-2.3, 2.3, 1001)
    got = np.array([cos_sin(t) for t in turns])
    assert np.allclose(got, np.column_stack([np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)]), atol=1e-8)
    assert [cos_sin(k / 4) for k in range(4)] == [(1, 0), (0, 1), (-1, 0), (0, -1)]


# As asked for


def test_classes_may_be_named_or_numbered():
    """Both ways give the same images."""
    assert np.array_equal(
        render(["key", "apple"], [5, 6], 32), render([CLASSES.index("key"), CLASSES.index("apple")], [5, 6], 32)
    )


def test_seeds_streams_variations_and_indices_differ():
    """Every one of them makes another image of the same class."""
    pictures = [render(["car"], [0], 32, "medium", seed, stream) for seed in (0, 1) for stream in STREAMS]
    pictures += [render(["car"], [0], 32, v) for v in ("low", "high")] + [render(["car"], [1], 32)]
    assert len({p.tobytes() for p in pictures}) == len(pictures)


def test_size_only_says_how_finely_a_scene_is_drawn():
    """An image of 128 px averaged down is nearly the one of 32 px: far nearer than another image is."""
    classes, indices = np.arange(len(CLASSES)), np.zeros(len(CLASSES), int)
    small, large = render(classes, indices, 32, "low").astype(float), render(classes, indices, 128, "low").astype(float)
    averaged = large.reshape(-1, 32, 4, 32, 4, 3).mean(axis=(2, 4))
    same, other = np.abs(averaged - small).mean(), np.abs(averaged - np.roll(small, 1, axis=0)).mean()
    assert same < 0.25 * other


@pytest.mark.parametrize("size", [16, 33, 224])
def test_any_size(size):
    """Odd ones too; nothing is blank."""
    pixels = render(["house", "fish"], [0, 0], size, "high")
    assert pixels.shape == (2, size, size, 3)
    assert pixels.std(axis=(1, 2, 3)).min() > 10


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((["mugg"], [0], 32), r"class must be one of the sandbox's; got 'mugg'; did you mean 'mug'\?"),
        (([24], [0], 32), "classes must be a vector of names or of numbers from 0 to 23"),
        (([[0]], [0], 32), "classes must be a vector"),
        (([0], [-1], 32), "indices must be as many whole numbers from 0 .* from -1"),
        (([0], [0, 1], 32), r"indices must be as many whole numbers from 0 as there are classes \(1\)"),
        (([0], [0.5], 32), "indices must be"),
        (([0], [0], 8), "size must be a whole number from 16 to 512; got 8"),
        (([0], [0], 32, "hi"), r"variation must be low, medium, high; got 'hi'"),
        (([0], [0], 32, "low", -1), "seed must be a whole number from 0"),
        (([0], [0], 32, "low", 0, "test"), "stream must be train, val, stimuli; got 'test'"),
    ],
)
def test_refusals(arguments, said):
    """What must be what, and the nearest names."""
    with pytest.raises(VvsError, match=said):
        render(*arguments)


# Varied as said


def poses(variation, n=2000):
    """Poses of many scenes, seen from the front; (n, LENGTH)."""
    drawn, view, widths = np.zeros((n, LENGTH)), np.zeros(2), np.array(VARIATIONS[variation])
    for k in range(n):
        draw_pose(np.uint64(k * 7919 + 1), widths, view, drawn[k])
    return drawn


@pytest.mark.parametrize("variation", VARIATIONS)
def test_poses_are_rotations_within_the_stated_width(variation):
    """Orthonormal; turn, shift and size fill their ranges and do not leave them."""
    drawn, (turn, _, _, shift, size) = poses(variation), VARIATIONS[variation]
    rotation = drawn[:, :9].reshape(-1, 3, 3)
    assert np.allclose(rotation @ rotation.transpose(0, 2, 1), np.eye(3), atol=1e-8)
    assert np.allclose(np.linalg.det(rotation), 1.0)
    assert np.allclose(np.linalg.norm(drawn[:, LIGHT : LIGHT + 3], axis=1), 1.0)
    assert 0.95 * shift < np.abs(drawn[:, SHIFT : SHIFT + 2]).max() <= shift
    sizes = drawn[:, STRETCH : STRETCH + 3]
    assert 0.9 / size <= sizes.min() < sizes.max() <= 1.1 * size
    if variation != "high":
        turns = np.degrees(np.arctan2(rotation[:, 0, 2], rotation[:, 2, 2]))
        assert turn < np.abs(turns).max() + 25


def test_high_variation_turns_objects_every_way():
    """Uniform over rotations: any direction of the object points anywhere with the same probability."""
    rotation = poses("high")[:, :9].reshape(-1, 3, 3)
    assert np.abs(rotation.mean(axis=0)).max() < 5 / np.sqrt(3 * len(rotation))
    assert np.allclose((rotation**2).mean(axis=0), 1 / 3, atol=0.04)


def accuracy(variation):
    """Of ridge regression on pixels, 40 images a class to learn from and 20 to test."""

    def features(stream, n):
        pixels = render(np.repeat(np.arange(len(CLASSES)), n), np.tile(np.arange(n), len(CLASSES)), 16, variation, 0, stream)
        return pixels.reshape(len(pixels), -1) / 255.0 - 0.5, np.repeat(np.arange(len(CLASSES)), n)

    (x, y), (x_test, y_test) = features("train", 40), features("val", 20)
    kernel = x @ x.T + 30.0 * np.eye(len(x))
    answers = x_test @ x.T @ np.linalg.solve(kernel, np.eye(len(CLASSES))[y])
    return (answers.argmax(axis=1) == y_test).mean()


def test_classes_can_be_told_apart_and_variation_makes_it_harder():
    """A linear reader of pixels does well at low variation, worse at medium, still worse at high; never at chance (1/24)."""
    low, medium, high = map(accuracy, VARIATIONS)
    assert low > 0.6
    assert low > medium + 0.1 > high + 0.1
    assert high > 1.5 / len(CLASSES)


# Geometry


def test_every_exemplar_is_a_sound_mesh():
    """Within the unit sphere, unit normals, every face in a slot that its category paints."""
    laid_out = catalogue()
    assert len(laid_out.starts) == len(CATEGORIES) * N_EXEMPLARS + 1
    assert np.all(np.diff(laid_out.starts) > 50)
    lengths = np.linalg.norm(laid_out.corners, axis=-1)
    assert lengths.max() <= 1.0001
    normals = np.linalg.norm(laid_out.normals, axis=-1)
    assert np.abs(normals - 1.0).max() < 1e-3
    for number, category in enumerate(CATEGORIES):
        first, last = laid_out.starts[number * N_EXEMPLARS], laid_out.starts[(number + 1) * N_EXEMPLARS]
        assert set(laid_out.slots[first:last]) <= set(range(len(category.paints))), category.name


def test_exemplars_of_a_category_differ():
    """Each has another shape."""
    for category in CATEGORIES:
        shapes = {
            normalised(category.build(units(category.name, k, category.shape))).vertices.tobytes() for k in range(N_EXEMPLARS)
        }
        assert len(shapes) == N_EXEMPLARS, category.name


def test_normals_are_smooth_on_spheres_and_sharp_on_boxes():
    """A sphere's lie along its radii; a box has six directions only."""
    sphere = normalised(ellipsoid((0, 0, 0), (1, 1, 1), n=24))
    outward = (corner_normals(sphere) * sphere.vertices[sphere.faces]).sum(axis=-1)
    assert np.all(np.abs(outward) > 0.98)
    cube = corner_normals(join(box((0, 0, 0), (1, 2, 3))))
    assert len(np.unique(np.abs(cube).round(6).reshape(-1, 3), axis=0)) == 3


# As an image set


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """A cache of its own, empty."""
    monkeypatch.setenv("VVS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "images"


def test_the_set_is_what_render_gives(own_cache):
    """Image i of class c of a split is that of `render`."""
    val = images.load("sandbox:size=24,val_per_class=3,variation=low,seed=5", "val")
    assert np.bincount(val.labels).tolist() == [3] * len(CLASSES)
    assert val.classes == CLASSES
    assert np.array_equal(val.images[val.labels == 4][2], render([4], [2], 24, "low", 5, "val")[0])


def test_more_images_begin_with_the_same_ones(own_cache):
    """How many are asked for changes none of them; train and val share none."""
    few, more = (images.load(f"sandbox:size=16,per_class={n}") for n in (2, 4))
    for label in range(len(CLASSES)):
        assert np.array_equal(few.images[few.labels == label], more.images[more.labels == label][:2])
    val = images.load("sandbox:size=16,val_per_class=4", "val")
    assert not {i.tobytes() for i in val.images} & {i.tobytes() for i in more.images}


def test_images_are_rendered_once(own_cache, monkeypatch):
    """The second time they come from the cache; another seed does not."""
    first = images.load("sandbox:size=16,per_class=1")
    monkeypatch.setattr("vvslib.images.sandbox.render", lambda *_: pytest.fail("rendered again"))
    assert images.load("sandbox:size=16,per_class=1").digest == first.digest
    with pytest.raises(pytest.fail.Exception):
        images.load("sandbox:size=16,per_class=1,seed=1")


def test_what_another_renderer_left_is_not_used(own_cache, monkeypatch):
    """The renderer's source is part of an entry's name."""
    images.load("sandbox:size=16,per_class=1")
    monkeypatch.setattr("vvslib.images.sandbox.version", lambda: "another")
    monkeypatch.setattr("vvslib.images.sandbox.render", lambda *_: pytest.fail("rendered again"))
    with pytest.raises(pytest.fail.Exception):
        images.load("sandbox:size=16,per_class=1")


def test_more_than_fits_into_memory_is_refused(own_cache):
    """Before anything is rendered, with the numbers."""
    with pytest.raises(
        VvsError, match=r"1,000,000 of 24 classes at 512 px take 18,874 GB, and this machine has [\d,]+ GB; ask for fewer"
    ):
        images.load("sandbox:size=512,per_class=1000000")
