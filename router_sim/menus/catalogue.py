"""All menus of a version, and the stores of a router nobody has touched."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from router_sim.menus import (
    accounts,
    arp,
    bridging,
    certificates,
    commands,
    device_mode,
    dhcp,
    dns,
    exporters,
    files,
    firewall,
    hotspot,
    hotspot_access,
    interface_lists,
    interfaces,
    ip,
    marking,
    packages,
    pools,
    queue_trees,
    queues,
    radius,
    routing,
    scripting,
    services,
    system,
)
from router_sim.schema import Menu, Property
from router_sim.store import Hold, Item, Key, Store
from router_sim.values import Reference

EVERY_MENU = (
    *interfaces.MENUS,
    *bridging.MENUS,
    *interface_lists.MENUS,
    *ip.MENUS,
    *arp.MENUS,
    *pools.MENUS,
    *dhcp.MENUS,
    *dns.MENUS,
    *firewall.MENUS,
    *marking.MENUS,
    *routing.MENUS,
    *exporters.MENUS,
    *services.MENUS,
    *queues.MENUS,
    *queue_trees.MENUS,
    *radius.MENUS,
    *hotspot.MENUS,
    *hotspot_access.MENUS,
    *system.MENUS,
    *accounts.MENUS,
    *packages.MENUS,
    *scripting.MENUS,
    *files.MENUS,
    *certificates.MENUS,
    *device_mode.MENUS,
)


@dataclass(frozen=True)
class Catalogue:
    """The menus of one version, and what can be told about them once for all routers.

    `commands` are the paths that have commands and no items; `directories` all paths that lead to a menu
    or a command; `views` the menus that show the items of a
    store and kind, the menu of the kind itself first; `referrers` the properties, with their menus,
    that can name an item of a store.
    """

    menus: Mapping[str, Menu]
    commands: Mapping[str, Menu]
    directories: frozenset[str]
    views: Mapping[tuple[str, str], tuple[Menu, ...]]
    referrers: Mapping[str, tuple[tuple[Menu, Property, Reference], ...]]


@cache
def catalogue(version: str) -> Catalogue:
    """The menus `version` has, each with the properties it has there."""
    menus = {
        menu.path: replace(
            menu,
            properties=tuple(each for each in menu.properties if each.span.covers(version)),
            built_in=tuple(each for each in menu.built_in if each.span.covers(version)),
            verbs=frozenset(
                verb
                for verb in menu.verbs
                if verb not in menu.verb_spans or menu.verb_spans[verb].covers(version)
            ),
        )
        for menu in EVERY_MENU
        if menu.span.covers(version)
    }
    views: dict[tuple[str, str], tuple[Menu, ...]] = {}
    referrers: dict[str, tuple[tuple[Menu, Property, Reference], ...]] = {}
    for menu in menus.values():
        showing = [other for other in menus.values() if other.store == menu.store]
        for kind in {other.kind for other in showing}:
            views[menu.store, kind] = tuple(
                sorted(
                    (other for other in showing if other.kind in ("", kind)),
                    key=lambda other: other.kind == "",
                )
            )
        for each, reference in menu.references():
            found = referrers.get(reference.store, ())
            referrers[reference.store] = (*found, (menu, each, reference))
    bare = {menu.path: menu for menu in commands.MENUS if menu.span.covers(version)}
    paths = (*menus, *bare)
    directories = frozenset(path.rsplit("/", drop)[0] for path in paths for drop in range(path.count("/")))
    return Catalogue(menus, bare, directories, views, referrers)


@cache
def untouched_stores(version: str) -> Mapping[str, Store]:
    """The stores of a fresh router, frozen, so that any number of routers can start from them."""
    menus = catalogue(version).menus.values()
    stores: dict[str, Store] = {}
    for path in dict.fromkeys(menu.store for menu in menus):
        sharing = [menu for menu in menus if menu.store == path]
        store = Store(_keys(sharing), _defaults(sharing))
        for item in sorted(_built_in(sharing), key=lambda item: item.id):
            store.put(item)
        store.frozen = True
        stores[path] = store
    return stores


def _keys(menus: list[Menu]) -> list[Key]:
    keys: list[Key] = []
    for menu in menus:
        keys += [unique.properties for unique in menu.unique]
        keys += [(name,) for name in menu.indexed]
        keys += [(each.name,) for each, _ in menu.references()]
        keys += [("name",)] if "name" in menu.by_name and not menu.singleton else []
    return keys


def _defaults(menus: list[Menu]) -> dict[str, str]:
    return {each.name: each.default for menu in menus for each in menu.properties if each.default is not None}


def _built_in(menus: list[Menu]) -> list[Item]:
    items = []
    for menu in menus:
        if menu.singleton:
            items.append(Item(0, {}))
        for built in menu.built_in:
            hold = Hold.BUILT_IN if built.protected else Hold.FREE
            items.append(Item(built.id, built.values, menu.kind or "", hold))
    return items
