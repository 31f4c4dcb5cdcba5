"""Checks the rules of a schedule: that they speak of what there is, and lead to the calls that it lists."""

from __future__ import annotations

from typing import Any, Iterator, Mapping, Sequence

from .loops import follow_rules, per_step, written_places
from .loops.rows import fed_to
from .pointer import pointer

Schedule = Mapping[str, Any]
Problems = Iterator["tuple[str, str]"]


def loop_problems(schedule: Schedule) -> Problems:
    """References and lengths."""
    loop, version = schedule.get("loop"), schedule["version"]
    if version == 1 and "sampler" in schedule:
        yield "/sampler", "has no place in version 1"
        return
    if loop is None:
        if version != 1:
            yield "/loop", "must be there from version 2 on"
        return
    if version == 1:
        yield "/loop", "has no place in version 1"
        return
    if loop["start"] >= loop["steps"]:
        yield "/loop/start", f"must be below the {loop['steps']} steps, found {loop['start']}"
        return
    taken, count = loop["steps"] - loop["start"], per_step(schedule)
    if len(schedule["calls"]) != taken * count:
        yield "/calls", f"must be {taken * count}, as `loop` has it; found {len(schedule['calls'])}"
    if "timesteps" in loop and len(loop["timesteps"]) != taken:
        yield "/loop/timesteps", f"must be one for each of the {taken} steps, found {len(loop['timesteps'])}"
    if "rules" not in loop:
        return
    for r, rule in enumerate(loop["rules"]):
        yield from _rule(schedule, rule, pointer("loop", "rules", r))
    named = [id for rule in loop["rules"] for id in rule["sites"]]
    for id in schedule.get("sites", {}):
        if named.count(id) != 1:
            yield pointer("sites", id), f"must stand in one rule, stands in {named.count(id)}"
    for r, row in enumerate(loop["rows"]):
        yield from _row(schedule, loop["rules"], row, pointer("loop", "rows", r))
    if not any(not any(row["choices"]) for row in loop["rows"]):
        yield "/loop/rows", "must have one of choice 0 of every rule"


def _rule(schedule: Schedule, rule: Mapping[str, Any], at: str) -> Problems:
    sites, count, when, choices = schedule.get("sites", {}), per_step(schedule), rule["when"], rule["choices"]
    for s, id in enumerate(rule["sites"]):
        # sites say what calls do, and may be left out altogether
        if sites and id not in sites:
            yield at + pointer("sites", s), f'names no site: "{id}"'
    for c, choice in enumerate(choices):
        if len(choice) != count or any(len(row) != len(rule["sites"]) for row in choice):
            yield at + pointer("choices", c), f"must have {count} lists of {len(rule['sites'])} strategies"
    if when["kind"] == "placed":
        yield from _placed(when, len(choices), at + "/when")
        return
    yield from _choices([entry["choice"] for entry in when["between"]], len(choices), at + "/when/between")
    if "before" in when["between"][-1] or "beforePart" in when["between"][-1]:
        yield at + "/when/between", "must end with one that always holds"


def _placed(when: Mapping[str, Any], count: int, at: str) -> Problems:
    base, covers, timesteps = when["base"], when["covers"], when.get("timesteps")
    everything = set(range(count))
    if len(covers) != count:
        yield at + "/covers", f"must have {count} lists"
    elif not (everything <= set(covers[0]) and all(choice in covers[choice] for choice in everything)):
        yield at + "/covers", "must say that each choice covers itself, and choice 0 all"
    if sorted(when["order"]) != sorted(everything):
        yield at + "/order", f"must have each of {count} choices once"
    if timesteps is not None and len(timesteps) != len(base):
        yield at + "/timesteps", f"must be as many as `base`, {len(base)}; found {len(timesteps)}"
    if when.get("apart") and (count != 2 or base[0] != 0 or timesteps):
        yield at + "/apart", "asks for two choices, choice 0 in the first step of `base`, and no `timesteps`"
    for i, (before, now) in enumerate(zip(timesteps or [], (timesteps or [])[1:]), 1):
        if now >= before:
            yield at + pointer("timesteps", i), f"must be below the one before it, {before}; found {now}"
            break
    yield from _choices(base, count, at + "/base")
    yield from _choices([choice for own in covers for choice in own], count, at + "/covers")


def _choices(found: Sequence[int], count: int, path: str) -> Problems:
    too_large = [choice for choice in found if choice >= count]
    if too_large:
        yield path, f"names choice {too_large[0]} of {count}"


def _row(schedule: Schedule, rules: Sequence[Mapping[str, Any]], row: Mapping[str, Any], at: str) -> Problems:
    parameters, programs = schedule.get("parameters", {}), schedule["programs"]
    if len(row["choices"]) != len(rules):
        yield at + "/choices", f"must be one of each of {len(rules)} rules"
    else:
        for i, (choice, rule) in enumerate(zip(row["choices"], rules)):
            yield from _choices([choice], len(rule["choices"]), at + pointer("choices", i))
    if len(row["programs"]) != per_step(schedule):
        yield at + "/programs", f"must be {per_step(schedule)} lists"
    for half, names in enumerate(row["programs"]):
        for i, name in enumerate(names):
            path = at + pointer("programs", half, i)
            if name not in programs:
                yield path, f'names no program: "{name}"'
                continue
            for id in sorted(fed_to(programs[name])):
                if id in parameters and "forecast" not in parameters[id]:
                    yield path, f'is fed "{id}", for which there is no rule'


def rule_problems(schedule: Schedule) -> Problems:
    """Whether the rules lead to the calls that are written out. Every reference must hold."""
    loop = schedule.get("loop", {})
    if "rules" not in loop:
        return
    timesteps, _ = written_places(schedule)
    made = follow_rules(schedule, loop["steps"], loop["start"], timesteps)
    for call, (name, ruled) in enumerate(zip(schedule["calls"], made)):
        if name != ruled:
            yield pointer("calls", call), f'is "{name}" where the rules of `loop` lead to "{ruled}"'
            return
