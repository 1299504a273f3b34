"""Families with partial pooling: planted effects are found, and shrunk the right way."""

import numpy as np
import pytest

from vvslib.errors import VvsError
from vvslib.fits.hierarchical import hierarchical, poolings

FLOOR, MEAN_A, MEAN_ALPHA = 0.5, 0.4, 0.25


def drawn(seed, n_groups=8, n=25, tau_A=0.25, tau_alpha=0.04, tau_E=0.0, sigma=0.02, sizes=None):
    """Rows of families with planted effects; amplitudes and exponents of each."""
    rng = np.random.default_rng(seed)
    sizes = np.full(n_groups, n) if sizes is None else np.asarray(sizes)
    at_centre = np.log(MEAN_A * 1e3**-MEAN_ALPHA) + tau_A * rng.standard_normal(len(sizes))
    alpha = MEAN_ALPHA + tau_alpha * rng.standard_normal(len(sizes))
    E = FLOOR * np.exp(tau_E * rng.standard_normal(len(sizes)))
    group = np.repeat(np.arange(len(sizes)), sizes)
    x = 10 ** rng.uniform(0, 6, len(group))
    L = E[group] + np.exp(at_centre[group] - alpha[group] * np.log(x / 1e3))
    truth = {"E": E, "A": np.exp(at_centre + alpha * np.log(1e3)), "alpha": alpha}
    return x, L * np.exp(sigma * rng.standard_normal(len(group))), np.char.add("g", group.astype(str)), truth


def test_planted_effects_are_recovered():
    """Over four tables: common floor, exponent and noise; spreads are those of the families that were drawn."""
    tables = [drawn(seed) for seed in range(4)]
    found = [hierarchical(*one[:3]) for one in tables]
    assert all(one.converged for one in found)
    assert np.mean([one.asymptote for one in found]) == pytest.approx(0.5, abs=0.02)
    assert np.mean([one.common["alpha"] for one in found]) == pytest.approx(MEAN_ALPHA, abs=0.04)
    assert np.mean([one.sigma for one in found]) == pytest.approx(0.02, rel=0.1)
    alpha = [np.std(truth["alpha"]) for *_, truth in tables]
    A = [np.std(np.log(truth["A"]) - truth["alpha"] * np.log(1e3)) for *_, truth in tables]
    assert np.mean([one.spread["A"] for one in found]) == pytest.approx(np.mean(A), rel=0.2)
    assert np.mean([one.spread["alpha"] for one in found]) == pytest.approx(np.mean(alpha), rel=0.4)


def test_families_are_nearer_their_truth_than_alone():
    """Curves of families by partial pooling have a smaller error than with none, and than with all: what pooling is for."""
    errors = {"pooled": [], "partial": [], "alone": []}
    grid = np.geomspace(1, 1e6, 30)
    for seed in range(3):
        x, L, group, truth = drawn(seed, n=8, sigma=0.04)
        found = poolings(x, L, group)
        for k, name in enumerate(found.partial.groups):
            exact = truth["E"][k] + truth["A"][k] * grid ** -truth["alpha"][k]
            for how, value in found.misalignment(grid, np.full(30, name)).items():
                errors[how].append(np.mean((value - exact) ** 2))
    assert np.mean(errors["partial"]) < np.mean(errors["alone"])
    assert np.mean(errors["partial"]) < np.mean(errors["pooled"])


def test_small_families_are_shrunk_most():
    """Exponents of families of five rows are drawn to the common one by more than half, by more than those of eighty rows."""
    off = {"small": [], "large": []}
    for seed in range(3):
        x, L, group, _ = drawn(seed, sizes=[5, 5, 5, 80, 80, 80], sigma=0.05)
        found = poolings(x, L, group)
        common = found.partial.common["alpha"]
        for name, n, alpha in zip(found.partial.groups, found.partial.n_rows, found.partial.parameters["alpha"], strict=True):
            alone = found.alone[name].parameters["alpha"]
            off["small" if n == 5 else "large"].append((abs(alpha - common), abs(alone - common)))
    small, large = (np.median(pairs, axis=0) for pairs in off.values())
    assert small[0] < 0.5 * small[1]
    assert small[0] / small[1] < large[0] / large[1]


def test_families_alike_are_pooled():
    """Without planted effects the spreads go to nought and all families follow one law."""
    x, L, group, _ = drawn(0, tau_A=0.0, tau_alpha=0.0)
    found = hierarchical(x, L, group)
    assert found.spread["A"] < 0.06
    assert np.ptp(found.parameters["alpha"]) < 0.03


def test_families_unlike_are_left_alone():
    """With many precise rows each, the families' laws are those of their own fits."""
    x, L, group, truth = drawn(1, n=80, tau_A=0.6, tau_alpha=0.06, sigma=0.003)
    found = hierarchical(x, L, group)
    assert found.parameters["alpha"] == pytest.approx(truth["alpha"], abs=0.01)
    assert found.parameters["E"] == pytest.approx(FLOOR, abs=0.01)


def test_floor_may_vary_too():
    """With floors that differ, the fit that lets them has the higher likelihood and finds them."""
    x, L, group, truth = drawn(2, n=60, tau_E=0.15, sigma=0.01)
    one, several = (hierarchical(x, L, group, shared=shared) for shared in (True, False))
    assert several.log_likelihood > one.log_likelihood + 10
    assert np.corrcoef(several.parameters["E"], truth["E"])[0, 1] > 0.9
    assert set(several.spread) == {"E", "A", "alpha"}


def test_likelihood_is_that_of_the_normal_where_the_law_is_linear():
    """With no floor to speak of log L is linear in the effects, and Laplace exact: against the density of a mixed model."""
    from scipy.stats import multivariate_normal

    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(5), 10)
    u = rng.uniform(-3, 3, 50)
    u -= u.mean()
    effects = np.array([0.3, 0.05]) * rng.standard_normal((5, 2))
    y = -1.0 + effects[group, 0] - (0.3 + effects[group, 1]) * u + 0.05 * rng.standard_normal(50)
    found = hierarchical(np.exp(u), np.exp(y), np.char.add("g", group.astype(str)))
    total = 0.0
    for k in range(5):
        Z = np.column_stack([np.ones(10), -u[group == k]])
        cover = Z @ np.diag([found.spread["A"] ** 2, found.spread["alpha"] ** 2]) @ Z.T + found.sigma**2 * np.eye(10)
        mean = np.log(found.common["A"]) - found.common["alpha"] * u[group == k]
        total += multivariate_normal.logpdf(y[group == k], mean, cover)
    assert found.common["E"] < 0.01
    assert found.log_likelihood == pytest.approx(total, abs=0.5)


def test_unit_of_the_scale_does_not_matter():
    """The same rows in another unit: the same curves and likelihood."""
    x, L, group, _ = drawn(3)
    one, other = hierarchical(x, L, group), hierarchical(x * 1e7, L, group)
    assert other.log_likelihood == pytest.approx(one.log_likelihood, abs=0.05)
    assert other.misalignment([1e10], ["g1"]) == pytest.approx(one.misalignment([1e3], ["g1"]), abs=1e-3)


def test_a_new_family_is_taken_for_typical():
    """A name that was not fitted follows the common law."""
    found = hierarchical(*drawn(4)[:3])
    assert found.misalignment([10.0], ["new"]) == found.misalignment([10.0])


def test_too_few_families_are_refused():
    """Two families, or names that do not match the rows."""
    x, L, group, _ = drawn(0, n_groups=2)
    with pytest.raises(VvsError, match="2 families cannot say how families vary: at least 3"):
        hierarchical(x, L, group)
    with pytest.raises(VvsError, match="groups must name one family a row; got 3 for 50 rows"):
        hierarchical(x, L, ["a", "b", "c"])
