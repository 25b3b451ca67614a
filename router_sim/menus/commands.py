"""Commands that belong to no items: those of the router as a whole, and its tools."""

from router_sim.schema import Menu

MENUS = (
    Menu("", (), frozenset({"password", "ping"}), bare=True),
    Menu("/system", (), frozenset({"reboot", "shutdown"}), bare=True),
    Menu("/tool", (), frozenset({"fetch", "ping"}), bare=True),
)
