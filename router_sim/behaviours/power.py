"""The commands that stop and start the router as a whole."""

from collections.abc import Callable, Mapping

from router_sim.behaviour import Behaviour, Call, Verb
from router_sim.exchange import Reply


class Power(Behaviour):
    """`/system/reboot` and `/system/shutdown`: the command is answered, then the router goes down."""

    def __init__(self) -> None:
        super().__init__("/system")

    def verbs(self) -> Mapping[str, Verb]:
        """Both commands, without arguments."""
        return {"reboot": Verb(_asking("reboot")), "shutdown": Verb(_asking("shutdown"))}


def _asking(what: str) -> Callable[[Call], Reply]:
    def run(call: Call) -> Reply:
        call.state.power_request = what
        return Reply()

    return run
