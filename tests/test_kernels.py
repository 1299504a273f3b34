"""The compiled objective, against plain NumPy and finite differences."""

import numpy as np
import pytest

from vvslib.fits import coordinates, kernels, objective

LAWS = ("power", "saturating", "shifted", "chinchilla", "loglinear")
DELTAS = (1e-3, 0.05, np.inf)


def inside(law, seed):
    """Rows of a law with ties in scale, weights, and coordinates inside the box, away from the minimum."""
    rng = np.random.default_rng(seed)
    n, k = 60, 2 if law == "chinchilla" else 1
    x = np.exp(rng.uniform(-3, 8, (n, k)))
    x[:10] = x[10:20]
    L = np.exp(rng.uniform(-1.2, 0.0, n))
    problem = coordinates.group(law, x, L)
    theta = {
        "power": [-0.5, 0.08, 0.0],
        "saturating": [-0.5, 0.07, 0.55],
        "shifted": [-0.5, 0.09, 0.45, 0.3],
        "chinchilla": [0.3, -1.5, 0.2, -1.2, 0.12],
        "loglinear": [0.6, 0.02],
    }[law]
    return problem, np.array(theta), rng.integers(0, 4, n).astype(float), x, L


def value(problem, theta, w, delta):
    """Objective, gradient and full Hessian."""
    p = theta.size
    grad, hess = np.zeros(p), np.zeros((p, p))
    F = kernels.evaluate(problem.kind, theta, problem.U, problem.first, problem.y, w, delta, grad, hess)
    return F, grad, np.triu(hess) + np.triu(hess, 1).T


def differences(function, theta, h=1e-6):
    """Central differences along each coordinate, ``(p, ...)``."""
    steps = h * np.eye(theta.size)
    return np.array([(np.asarray(function(theta + s)) - np.asarray(function(theta - s))) / (2 * h) for s in steps])


@pytest.mark.parametrize("delta", DELTAS)
@pytest.mark.parametrize("law", LAWS)
def test_value_is_the_plain_objective(law, delta):
    """Kernel and `objective.total` are the same sum to 1e-12."""
    problem, theta, w, x, L = inside(law, 1)
    weights = np.empty_like(w)
    weights[problem.order] = w
    predicted = coordinates.predict(law, theta, problem.reference, x)[0]
    assert value(problem, theta, w, delta)[0] == pytest.approx(objective.total(predicted, L, delta, weights), rel=1e-12)


@pytest.mark.parametrize("delta", DELTAS)
@pytest.mark.parametrize("law", LAWS)
def test_gradient_is_that_of_finite_differences(law, delta):
    """Exact first derivatives agree with central differences of the value."""
    problem, theta, w, *_ = inside(law, 2)
    grad = value(problem, theta, w, delta)[1]
    expected = differences(lambda t: value(problem, t, w, delta)[0], theta)
    assert grad == pytest.approx(expected, rel=1e-5, abs=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("delta", DELTAS)
@pytest.mark.parametrize("law", LAWS)
def test_hessian_is_that_of_finite_differences(law, delta):
    """Exact second derivatives agree with central differences of the gradient."""
    problem, theta, w, *_ = inside(law, 3)
    hess = value(problem, theta, w, delta)[2]
    expected = differences(lambda t: value(problem, t, w, delta)[1], theta)
    assert hess == pytest.approx(expected, rel=1e-4, abs=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("v", [0.0, 1e-9, 1e-4, 9.9e-4, 1.01e-3, 0.5, 1.0])
@pytest.mark.parametrize("delta", [0.05, np.inf])
def test_shifted_derivatives_hold_up_to_the_exponential_end(v, delta):
    """Series and closed form of the shift's derivatives both agree with differences, the end v = 0 included."""
    problem, theta, w, *_ = inside("shifted", 4)
    theta[3] = v
    hess = value(problem, theta, w, delta)[2]
    expected = differences(lambda t: value(problem, t, w, delta)[1], theta)
    assert hess == pytest.approx(expected, rel=2e-4, abs=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("v", [0.0, 1.0])
def test_shifted_kernel_ends_are_the_exponential_and_the_saturating_law(v):
    """v = 0 is E + B exp(-rate x), v = 1 is E + A x^-alpha."""
    problem, theta, *_ = inside("shifted", 5)
    theta[3] = v
    x = np.exp(np.linspace(-3, 4, 9))[:, None]
    predicted = coordinates.predict("shifted", theta, problem.reference, x)[0]
    if v == 0:
        p = coordinates.exponential_parameters(theta, problem.reference)
        expected = p["E"] + p["B"] * np.exp(-p["rate"] * x[:, 0])
    else:
        p = coordinates.parameters("shifted", theta, problem.reference)
        expected = p["E"] + p["A"] * x[:, 0] ** -p["alpha"]
    assert predicted == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("law", ["chinchilla", "loglinear"])
def test_a_prediction_without_logarithm_is_infinite(law):
    """Coordinates whose misalignment turns negative are refused by value."""
    problem, theta, w, *_ = inside(law, 6)
    theta[0] = -5.0
    assert value(problem, theta, w, 1e-3)[0] == np.inf


@pytest.mark.parametrize("law", LAWS)
def test_coordinates_and_parameters_are_the_same_curve(law):
    """L-form parameters, put into the law's own formula, give what the coordinates predict."""
    from vvslib.fits.laws import LAWS as known

    problem, theta, _, x, _ = inside(law, 7)
    parameters = coordinates.parameters(law, theta, problem.reference)
    expected = known[law].function(*x.T, **parameters)
    assert coordinates.predict(law, theta, problem.reference, x)[0] == pytest.approx(expected, rel=1e-10)
