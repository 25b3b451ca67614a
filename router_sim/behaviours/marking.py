"""Rules that mark packets, and rules before the tracking of connections: counted and judged as the others."""

from router_sim.behaviours.firewall import Rules


class MangleRules(Rules):
    """Rules that mark or change packets."""

    def __init__(self) -> None:
        super().__init__("/ip/firewall/mangle")


class RawRules(Rules):
    """Rules that come before the tracking of connections."""

    def __init__(self) -> None:
        super().__init__("/ip/firewall/raw")
