"""From the rules of a schedule to the calls of a loop of any length, by the procedure of docs/schedule.md."""

import cmath
import math
from fractions import Fraction

from weights import weights


class Refused(Exception):
    """A loop, or a schedule, that cannot be had."""


def per_step(schedule):
    return 2 if schedule["source"].get("guidance", {}).get("mode") == "two-calls" else 1


def calls_of(schedule, steps, start=0, timesteps=None, log_snr=None):
    """The program of each call, and by parameter what is fed at each."""
    if schedule.get("format") != "stepfold.schedule" or schedule.get("version") not in (1, 2):
        raise Refused("version")
    count = per_step(schedule)
    written = schedule.get("loop", {"steps": len(schedule["calls"]) // count, "start": 0})
    if steps < 1 or not 0 <= start < steps:
        raise Refused("loop")
    is_written = (steps, start) == (written["steps"], written["start"])
    if is_written and not elsewhere(schedule, timesteps, log_snr):
        fed = {id: own["calls"] for id, own in schedule.get("parameters", {}).items()}
        return schedule["calls"], fed
    if "rules" not in written:
        raise Refused("fixed")
    taken = steps - start
    asked = [choices(rule["when"], steps, start, timesteps) for rule in written["rules"]]
    rows = [row_of(written, [own[i] for own in asked]) for i in range(taken)]
    calls = programs_of(schedule, [names for row in rows for names in row["programs"]])
    axes = {name: axis(name, taken, timesteps, log_snr) for name in schedule.get("axes", {})}
    return calls, parameters_of(schedule, calls, axes)


def elsewhere(schedule, timesteps, log_snr):
    """Do the steps of the written loop lie otherwise than it says, where calls or weights depend on that?"""
    for name, own in schedule.get("axes", {}).items():
        if timesteps if name == "timestep" else log_snr:
            asked = axis(name, len(own), timesteps, log_snr)
            if any(abs(a - b) > 1e-9 * len(own) for a, b in zip(asked, own)):
                return True
    loop = schedule.get("loop", {})
    known = schedule.get("timesteps", loop.get("timesteps"))
    placed_by_them = any("timesteps" in rule["when"] for rule in loop.get("rules", []))
    return placed_by_them and timesteps is not None and list(timesteps) != known


# 1. what the rules ask of each step


def choices(when, steps, start, timesteps):
    if when["kind"] == "placed":
        return placed(when, steps, start, timesteps)
    taken = steps - start
    full = {"every": every, "even": even, "crowded": crowded}[when["kind"]](when, taken)
    return [0 if i in full else between(when["between"], i, taken) for i in range(taken)]


def every(when, taken):
    first = max(0, when.get("warmup", 0) - 1)
    last = taken - when.get("cooldown", 0)
    return {i for i in range(taken) if i < when.get("warmup", 0) or i >= last or (i >= first and (i - first) % when["interval"] == 0)}


def even(when, taken):
    count = min(when["count"], taken)
    if count == 1:
        return {0}
    return {(2 * j * (taken - 1) + count - 1) // (2 * (count - 1)) for j in range(count)}


def crowded(when, taken):
    interval, center, power = when["interval"], when["center"], when["power"]
    wanted = -(-taken // interval)
    while center < taken and power > 1:
        found = equation7(taken, wanted, center, power)
        if len(found) == wanted:
            return set(found)
        power -= 0.02
    return every({"interval": interval}, taken)


def equation7(taken, wanted, center, power):
    first, last = raised(complex(-center), 1 / power), raised(complex(taken - center), 1 / power)
    points = [first + (last - first) * i / wanted for i in range(wanted)] + [last]
    inner = sorted({int(raised(point, power).real) for point in points})[1:-1]
    return [0] + [offset + center for offset in inner]


def raised(base, exponent):
    if exponent == 2:
        return base * base
    return cmath.rect(abs(base) ** exponent, cmath.phase(base) * exponent) if base else 0j


def between(entries, step, taken):
    for entry in entries:
        if "before" in entry:
            holds = step < entry["before"]
        else:
            holds = "beforePart" not in entry or step < math.floor(entry["beforePart"] * taken)
        if holds:
            return entry["choice"]


def placed(when, steps, start, timesteps):
    base, covers, order = when["base"], when["covers"], when["order"]
    if when.get("apart"):
        full = {start, *apart(base, steps)}
        return [0 if i in full else 1 for i in range(start, steps)]
    if timesteps and "timesteps" in when:
        near = [nearest([abs(other - t) for other in when["timesteps"]]) for t in timesteps]
    else:
        near = [
            nearest([abs(i * (len(base) - 1) - j * (steps - 1)) for j in range(len(base))])
            for i in range(start, steps)
        ]
    found, passed = [], 0
    for i, places in enumerate(near):
        end = len(base) if i == len(near) - 1 else places[-1] + 1
        places = range(min(places[0], passed), end)
        wanted = {base[j] for j in places}
        passed = max(passed, end)
        if i == 0:
            found.append(base[0] if start == 0 and len(places) == 1 else 0)
            continue
        enough = [choice for choice in order if wanted <= set(covers[choice])]
        found.append(next((choice for choice in enough if choice in wanted), enough[0]))
    return found


def apart(base, steps):
    """The full steps of the whole loop."""
    own, length = [j for j, choice in enumerate(base) if choice == 0], len(base)
    count = math.floor(Fraction(len(own) * steps, length) + Fraction(1, 2))
    if steps == 1:
        return [0]
    if len(own) > 1 and own[-1] == length - 1:
        return [*spread(own[:-1], length - 1, max(count - 1, 1), steps - 1), steps - 1]
    return spread(own, length, max(count, 1), steps)


def spread(own, length, count, steps):
    ends, found = [*own, length], []
    for k in range(count):
        place = Fraction(k * len(own), count)
        j = math.floor(place)
        lies = (ends[j] + (place - j) * (ends[j + 1] - ends[j])) * steps / length
        step = math.floor(lies + Fraction(1, 2))
        # no two on one step, and room for those that follow
        found.append(min(max([step, *(other + 1 for other in found[-1:])]), steps - count + k))
    return found


def nearest(distances):
    """The places of the least distance, of which there may be more than one."""
    return [j for j, distance in enumerate(distances) if distance == min(distances)]


# 2. the row that has these choices, or the first that covers them


def row_of(loop, wanted):
    for row in loop["rows"]:
        if row["choices"] == wanted:
            return row
    return next(row for row in loop["rows"] if all(map(covers, loop["rules"], row["choices"], wanted)))


def covers(rule, own, other):
    return own in (0, other) or (rule["when"]["kind"] == "placed" and other in rule["when"]["covers"][own])


# 3. the program of each call, from the last back


def programs_of(schedule, candidates):
    wanted, found = {}, []
    for names in reversed(candidates):
        writes = {name: writes_of(schedule["programs"][name]) for name in names}
        needed = {s for own in writes.values() for s in own if wanted.get(s, 0) > 0}
        name = next((name for name in names if needed <= writes[name]), names[-1])
        found.append(name)
        for state in needed:
            wanted[state] -= 1
        for state in reads_of(schedule["programs"][name]):
            head, back = place_in_history(schedule["states"], state)
            wanted[head] = max(wanted.get(head, 0), back + 1)
    return found[::-1]


def writes_of(program):
    return {state for run in program["runs"] for state in run.get("writes", {})}


def reads_of(program):
    return {state for run in program["runs"] for state in run.get("reads", {}).values()}


def place_in_history(states, state):
    back = 0
    while "follows" in states[state]:
        state, back = states[state]["follows"], back + 1
    return state, back


# 4. the weights that forecasts are fed


def axis(name, taken, timesteps, log_snr):
    given = [-t for t in timesteps or []] if name == "timestep" else log_snr
    if not given or len(given) != taken:
        raise Refused("axis")
    if taken == 1:
        return [0.0]
    return [(at - given[0]) / (given[-1] - given[0]) * (taken - 1) for at in given]


def parameters_of(schedule, calls, axes):
    parameters, count = schedule.get("parameters", {}), per_step(schedule)
    found, written = {id: [] for id in parameters}, {}
    for call, name in enumerate(calls):
        program = schedule["programs"][name]
        fed = {id for run in program["runs"] for id in run.get("parameters", {}).values()}
        for id, parameter in parameters.items():
            if id not in fed:
                found[id].append(None)
                continue
            rule = parameter["forecast"]
            at = lambda c: axes[rule["axis"]][c // count] if "axis" in rule else c // count  # noqa: E731
            before = [at(c) for c in written.get(rule["state"], [])]
            found[id].append(weights(rule["basis"], rule["order"], before, at(call), len(calls) // count))
        for state in writes_of(program):
            written[state] = [call, *written.get(state, [])]
    return found
