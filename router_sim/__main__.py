"""Runs the `router` command: `python -m router_sim`."""

from router_sim.command import router

if __name__ == "__main__":
    router(prog_name="python -m router_sim")
