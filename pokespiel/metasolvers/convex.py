"""Convex programs handed to cvxpy, one way for all."""

from __future__ import annotations

import warnings

import cvxpy
import numpy as np


def maximum(concave: cvxpy.Expression, weights: cvxpy.Variable, constraints: list, solver: str) -> np.ndarray:
    """The distribution [n] in `weights` that maximises `concave` under `constraints`; `solver` is named in errors.

    Clarabel's interior point leaves errors of about 1e-10; whoever calls checks that the constraints hold.
    """
    problem = cvxpy.Problem(cvxpy.Maximize(concave), [cvxpy.sum(weights) == 1, *constraints])
    with warnings.catch_warnings():  # that the accuracy asked for was not quite reached
        warnings.simplefilter("ignore", UserWarning)
        try:
            problem.solve(solver=cvxpy.CLARABEL, tol_gap_abs=1e-11, tol_gap_rel=1e-11, tol_feas=1e-11)
        except cvxpy.SolverError as error:
            raise ArithmeticError(f"{solver}: the convex program of {weights.size} weights failed: {error}") from error
    if weights.value is None:
        raise ArithmeticError(f"{solver}: the convex program ended as {problem.status!r}")
    result = np.maximum(weights.value, 0)
    return result / result.sum()
