"""Orders in which configuration can be written: menus by who refers to whom, rows by who stays where."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from router_sim.schema import Menu


def by_dependency(menus: Sequence[Menu]) -> list[Menu]:
    """The menus, those others refer to first; otherwise in the order given, also where they go in circles."""
    ordered: list[Menu] = []
    begun: set[str] = set()

    def visit(menu: Menu) -> None:
        if menu.path in begun:
            return
        begun.add(menu.path)
        targets = {reference.store for each, reference in menu.references() if not each.read_only}
        for other in menus:
            if other.store in targets and other.store != menu.store:
                visit(other)
        ordered.append(menu)

    for menu in menus:
        visit(menu)
    return ordered


def kept_in_place(places: Sequence[int]) -> frozenset[int]:
    """Positions of `places` that form a longest rising run: what need not be moved to have all in order."""
    tails: list[int] = []  # the smallest end of a run of each length
    ends: list[int] = []  # where in `places` that is
    previous: list[int] = []
    for position, place in enumerate(places):
        length = bisect_left(tails, place)
        previous.append(ends[length - 1] if length else -1)
        tails[length : length + 1] = [place]
        ends[length : length + 1] = [position]
    kept: set[int] = set()
    position = ends[-1] if ends else -1
    while position >= 0:
        kept.add(position)
        position = previous[position]
    return frozenset(kept)
