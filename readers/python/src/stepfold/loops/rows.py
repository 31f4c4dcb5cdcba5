"""Which programs run a loop: steps 2 and 3 of the procedure in docs/schedule.md."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

Program = Mapping[str, Any]


def row_of(loop: Mapping[str, Any], wanted: Sequence[int]) -> Mapping[str, Any]:
    """The row that has these choices, or the first that covers them; one of choices 0 covers all."""
    rows: Sequence[Mapping[str, Any]] = loop["rows"]
    for row in rows:
        if row["choices"] == list(wanted):
            return row
    return next(row for row in rows if all(map(_covers, loop["rules"], row["choices"], wanted)))


def _covers(rule: Mapping[str, Any], own: int, other: int) -> bool:
    return own in (0, other) or (rule["when"]["kind"] == "placed" and other in rule["when"]["covers"][own])


def programs_of(schedule: Mapping[str, Any], candidates: Sequence[Sequence[str]]) -> list[str]:
    """The program of each call, from the last call back: the first that keeps all that later calls read.

    candidates: by call, programs that do the same and differ in what they write, least first.
    """
    wanted: dict[str, int] = {}
    found: list[str] = []
    for names in reversed(candidates):
        writes = {name: writes_of(schedule["programs"][name]) for name in names}
        needed = {state for own in writes.values() for state in own if wanted.get(state, 0) > 0}
        name = next((name for name in names if needed <= writes[name]), names[-1])
        found.append(name)
        for state in needed:
            wanted[state] -= 1
        for state in reads_of(schedule["programs"][name]):
            head, back = place_in_history(schedule["states"], state)
            wanted[head] = max(wanted.get(head, 0), back + 1)
    return found[::-1]


def writes_of(program: Program) -> set[str]:
    return {state for run in program["runs"] for state in run.get("writes", {})}


def reads_of(program: Program) -> set[str]:
    return {state for run in program["runs"] for state in run.get("reads", {}).values()}


def fed_to(program: Program) -> set[str]:
    """The parameters that a program takes."""
    return {id for run in program["runs"] for id in run.get("parameters", {}).values()}


def place_in_history(states: Mapping[str, Any], state: str) -> tuple[str, int]:
    """The state that heads the history, and how many values lie between it and this one."""
    back = 0
    while "follows" in states[state]:
        state, back = states[state]["follows"], back + 1
    return state, back
