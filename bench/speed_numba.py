"""Numba's times of the matrix product, in each order of its loops. Arguments: side, rounds."""
import statistics
import sys
import time

import numba
import numpy as np


@numba.njit
def ikj(C, A, B):
    n = C.shape[0]
    for i in range(n):
        for k in range(n):
            a = A[i, k]
            for j in range(n):
                C[i, j] += a * B[k, j]


@numba.njit
def ijk(C, A, B):
    n = C.shape[0]
    for i in range(n):
        for j in range(n):
            s = C[i, j]
            for k in range(n):
                s += A[i, k] * B[k, j]
            C[i, j] = s


@numba.njit
def flat(C, A, B, n):
    for i in range(n):
        for k in range(n):
            a = A[i * n + k]
            for j in range(n):
                C[i * n + j] += a * B[k * n + j]


def main():
    n, rounds = int(sys.argv[1]), int(sys.argv[2])
    rng = np.random.default_rng(1)
    A, B = rng.random((n, n)), rng.random((n, n))
    forms = {
        "ikj": lambda C: ikj(C, A, B),
        "ijk": lambda C: ijk(C, A, B),
        "ikj, flat arrays": lambda C: flat(C.ravel(), A.ravel(), B.ravel(), n),
    }
    print(f"Numba {numba.__version__}, one thread, strict")
    for name, run in forms.items():
        C = np.zeros((n, n))
        run(C)
        times = []
        for _ in range(rounds):
            start = time.perf_counter()
            run(C)
            times.append((time.perf_counter() - start) * 1e3)
        print(f"{('matrix product, ' + name):28s} {'':10s} {statistics.median(times):7.1f} ms")


main()
