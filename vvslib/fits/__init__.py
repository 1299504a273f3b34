"""Scaling laws and their fits: numbers in, numbers out.

Each module is imported by its own name, so that what depends on one of them depends on no other: `laws` (formulae), `objective`
(what is minimised), `kernels` and `newton` (compiled: derivatives and minimiser), `coordinates` (scale-free optimiser
coordinates), `solver` (a global fit), `result` (what a fit is), `identification` (what the data determine), `bootstrap`,
`allocation` (compute-optimal model and data size) and `heldout` (error beyond the fitted range).
"""
