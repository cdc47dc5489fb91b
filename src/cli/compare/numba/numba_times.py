"""
The programs of the comparison in Numba, as one would write them there, measured the way measure.ts measures: variants
take turns, another one first in each round; the first call, which compiles, counts apart; a sample is at least 2 ms
long. One line of JSON a message.

    python numba_times.py --versions    prints {"python", "numba", "numpy"} and ends
    python numba_times.py               reads jobs from stdin until it closes

A job is {"program", "arguments": [number | {"file": path of float64s}], "seconds", "minRounds", "answers": folder}.
To each it says
    {"step": text}                                     what is about to run
    {"variant", "firstCallMs", "samples": [ms a call], "answer": file, "dtype"}   or {"variant", "problem"}
    {"done": true, "threadingLayer": text or null}

Not named numba.py: Python looks for modules beside the script first.
"""

import json
import math
import os
import sys
import time

import numba
import numpy as np
from numba import njit, prange

MIN_SAMPLE = 2e-3
WARM_UP = 50e-3
MAX_ROUNDS = 200


# prange is range unless a function is compiled with parallel=True.


def roots(x):
    r = np.empty(x.size, np.float32)
    for i in prange(x.size):
        r[i] = math.sqrt(x[i])
    return r


def rootsSum(x):
    n = x.size
    r = np.empty(n)
    for i in prange(n):
        total = 0.0
        for j in range(n):
            total += math.sqrt(x[j])
        r[i] = total
    return r


def logProduct(xyz):
    n = xyz.size // 3
    r = np.empty(n)
    for i in prange(n):
        r[i] = math.log(xyz[3 * i]) * math.log(xyz[3 * i + 1]) * math.log(xyz[3 * i + 2])
    return r


def calculateScores(data, n, f):
    scores = np.empty(n)
    for i in prange(n):
        score = 0.0
        for j in range(n):
            d = 0.0
            for k in range(f):
                t = data[i * f + k] - data[j * f + k]
                d += t * t
            if d > 0 and d < 0.25:
                score += 1 / math.sqrt(d)
        scores[i] = score / n
    return scores


PROGRAMS = {f.__name__: f for f in (roots, rootsSum, logProduct, calculateScores)}
VARIANTS = {
    "numba": {},
    "numba-fastmath": {"fastmath": True},
    "numba-parallel": {"parallel": True},
}


def say(**message):
    print(json.dumps(message), flush=True)


class Variant:
    def __init__(self, name, program, arguments):
        self.name = name
        self.function = njit(**VARIANTS[name])(program)
        self.arguments = arguments
        self.samples = []
        self.loops = 1
        self.answer = None
        self.first_call = None
        self.problem = None

    def time(self, loops):
        """Seconds a call; None once something has gone wrong."""
        if self.problem is not None:
            return None
        try:
            start = time.perf_counter()
            for _ in range(loops):
                answer = self.function(*self.arguments)
            seconds = (time.perf_counter() - start) / loops
        except Exception as error:
            self.problem = f"{type(error).__name__}: {str(error).strip().splitlines()[0]}"
            return None
        if self.answer is None:
            self.answer = answer
        elif answer.tobytes() != self.answer.tobytes():
            self.problem = "two calls gave different answers"
            return None
        return seconds

    def warm_up(self):
        spent = 0.0
        while spent < WARM_UP:
            seconds = self.time(self.loops)
            if seconds is None:
                return
            spent += seconds * self.loops
            self.loops = max(1, math.ceil(MIN_SAMPLE / max(seconds, 1e-7)))


def read(argument):
    """A number, or the array in a file, which is removed: hundreds of megabytes that nobody else reads."""
    if not isinstance(argument, dict):
        return argument
    array = np.fromfile(argument["file"])
    os.remove(argument["file"])
    return array


def measure(job):
    arguments = [read(argument) for argument in job["arguments"]]
    variants = [Variant(name, PROGRAMS[job["program"]], arguments) for name in VARIANTS]
    for variant in variants:
        say(step=f"{variant.name}, first call")
        variant.first_call = variant.time(1)
    for variant in variants:
        say(step=f"{variant.name}, warming up")
        variant.warm_up()
    end = time.perf_counter() + job["seconds"]
    for turn in range(MAX_ROUNDS):
        if turn >= job["minRounds"] and time.perf_counter() >= end:
            break
        say(step=f"Numba, round {turn + 1}")
        for k in range(len(variants)):
            variant = variants[(k + turn) % len(variants)]
            seconds = variant.time(variant.loops)
            if seconds is not None:
                variant.samples.append(1e3 * seconds)
    for variant in variants:
        if variant.problem is not None:
            say(variant=variant.name, problem=variant.problem)
            continue
        file = os.path.join(job["answers"], variant.name)
        variant.answer.tofile(file)
        say(
            variant=variant.name,
            firstCallMs=1e3 * variant.first_call,
            samples=variant.samples,
            answer=file,
            dtype=variant.answer.dtype.name,
        )


def threading_layer():
    try:
        return numba.threading_layer()
    except ValueError:  # nothing has run in parallel yet
        return None


if __name__ == "__main__":
    if "--versions" in sys.argv:
        say(python=sys.version.split()[0], numba=numba.__version__, numpy=np.__version__)
        sys.exit()
    for line in sys.stdin:
        measure(json.loads(line))
        say(done=True, threadingLayer=threading_layer())
