"""Non-uniform schedules of DeepCache as NumPy computes them, for the tests of passes/deepcache.

    python3 scripts/deepcache-schedule-reference.py > test/passes/deepcache-schedules.json

The definition is that of the paper's equation 7 as its authors evaluate it: the start of the range
is a negative number to a fractional power, so everything is complex, and rounding to integers drops
the imaginary part.
"""

import itertools
import json
import warnings

import numpy as np

warnings.simplefilter("ignore")


def full_calls(calls, interval, center, power):
    wanted = -(-calls // interval)
    while power > 1:
        ends = [complex(-center) ** (1 / power), complex(calls - center) ** (1 / power)]
        points = np.linspace(ends[0], ends[1], wanted + 1)
        offsets = np.unique(np.trunc((points**power).real).astype(np.int32))[1:-1]
        found = [0] + [int(v) + center for v in offsets]
        if len(found) == wanted:
            return found
        power -= 0.02
    return None


cases = []
for calls, interval in [(50, 2), (50, 3), (50, 5), (50, 7), (50, 10), (100, 3), (100, 10), (250, 10), (250, 20)]:
    for part, power in itertools.product([0, 0.2, 0.3, 0.48, 0.8], [1.05, 1.2, 1.4, 1.5, 2]):
        center = int(calls * part)
        cases.append([calls, interval, center, power, full_calls(calls, interval, center, power)])

print("[\n" + ",\n".join("  " + json.dumps(case) for case in cases) + "\n]")
