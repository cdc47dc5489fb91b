"""Runs the kernels of numba_twins.py and numba_stencils.py on request.

A request is a line with a JSON object; the answer is another, then a line with a dot. `load` compiles a program for its
arguments and calls it once; `run` calls it some times, each time on the initial values, and says how many seconds a call
took on average; `save` writes arrays as the last call left them.
"""

import json
import sys
import time

import numpy as np

import numba_stencils as stencils
import numba_twins as twins

# The kernel of each program and, from its scalars, the shapes of its arrays. A vector of length n has shape n.
PROGRAMS = {
    "correlation": (twins.correlation, lambda m, n, float_n: [(n, m), (m, m), m, m]),
    "covariance": (twins.covariance, lambda m, n, float_n: [(n, m), (m, m), m]),
    "2mm": (twins.two_mm, lambda ni, nj, nk, nl, *_: [(ni, nj), (ni, nk), (nk, nj), (nj, nl), (ni, nl)]),
    "3mm": (
        twins.three_mm,
        lambda ni, nj, nk, nl, nm: [(ni, nj), (ni, nk), (nk, nj), (nj, nl), (nj, nm), (nm, nl), (ni, nl)],
    ),
    "atax": (twins.atax, lambda m, n: [(m, n), n, n, m]),
    "bicg": (twins.bicg, lambda m, n: [(n, m), m, n, m, n]),
    "doitgen": (twins.doitgen, lambda nr, nq, np_: [(nr, nq, np_), (np_, np_), np_]),
    "mvt": (twins.mvt, lambda n: [n, n, n, n, (n, n)]),
    "gemm": (twins.gemm, lambda ni, nj, nk, *_: [(ni, nj), (ni, nk), (nk, nj)]),
    "gemver": (twins.gemver, lambda n, *_: [(n, n)] + [n] * 8),
    "gesummv": (twins.gesummv, lambda n, *_: [(n, n), (n, n), n, n, n]),
    "symm": (twins.symm, lambda m, n, *_: [(m, n), (m, m), (m, n)]),
    "syr2k": (twins.syr2k, lambda n, m, *_: [(n, n), (n, m), (n, m)]),
    "syrk": (twins.syrk, lambda n, m, *_: [(n, n), (n, m)]),
    "trmm": (twins.trmm, lambda m, n, *_: [(m, m), (m, n)]),
    "cholesky": (twins.cholesky, lambda n: [(n, n)]),
    "durbin": (twins.durbin, lambda n: [n, n]),
    "gramschmidt": (twins.gramschmidt, lambda m, n: [(m, n), (n, n), (m, n)]),
    "lu": (twins.lu, lambda n: [(n, n)]),
    "ludcmp": (twins.ludcmp, lambda n: [(n, n), n, n, n]),
    "trisolv": (twins.trisolv, lambda n: [(n, n), n, n]),
    "deriche": (twins.deriche, lambda w, h, alpha: [(w, h)] * 4),
    "floyd-warshall": (twins.floyd_warshall, lambda n: [(n, n)]),
    "nussinov": (twins.nussinov, lambda n: [n, (n, n)]),
    "adi": (stencils.adi, lambda tsteps, n: [(n, n)] * 4),
    "fdtd-2d": (stencils.fdtd_2d, lambda tmax, nx, ny: [(nx, ny)] * 3 + [tmax]),
    "heat-3d": (stencils.heat_3d, lambda tsteps, n: [(n, n, n)] * 2),
    "jacobi-1d": (stencils.jacobi_1d, lambda tsteps, n: [n, n]),
    "jacobi-2d": (stencils.jacobi_2d, lambda tsteps, n: [(n, n)] * 2),
    "seidel-2d": (stencils.seidel_2d, lambda tsteps, n: [(n, n)]),
}


class Loaded:
    """One program with its arguments; `args` are what the kernel works on, `initial` what they start from."""

    def __init__(self, name, args):
        self.kernel, shapes = PROGRAMS[name]
        scalars = [arg for arg in args if not isinstance(arg, dict)]
        arrays = iter(shapes(*scalars))
        self.initial = [
            np.fromfile(arg["file"], arg["dtype"]).reshape(next(arrays)) if isinstance(arg, dict) else arg
            for arg in args
        ]
        self.args = [np.copy(arg) if isinstance(arg, np.ndarray) else arg for arg in self.initial]
        self.kernel(*self.args)

    def run(self, calls):
        spent = 0.0
        for _ in range(calls):
            for array, initial in zip(self.args, self.initial):
                if isinstance(array, np.ndarray):
                    np.copyto(array, initial)
            start = time.perf_counter()
            self.kernel(*self.args)
            spent += time.perf_counter() - start
        return spent / calls

    def save(self, positions, files):
        for position, file in zip(positions, files):
            self.args[position].tofile(file)


def main():
    loaded = None
    for line in sys.stdin:
        request = json.loads(line)
        answer = {}
        try:
            if request["do"] == "load":
                loaded = Loaded(request["program"], request["args"])
            elif request["do"] == "run":
                answer["seconds"] = loaded.run(request["calls"])
            elif request["do"] == "save":
                loaded.save(request["positions"], request["files"])
            else:
                raise ValueError(f"unknown request {request['do']}")
        except Exception as error:  # Whatever it is belongs to this program; the next one may run.
            answer["error"] = f"{type(error).__name__}: {error}"
        print(json.dumps(answer), flush=True)
        print(".", flush=True)


main()
