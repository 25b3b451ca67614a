"""What the commands of this package have in common: options that need a look, and how wrong use is told."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import click

from router_sim.schema import is_version


class UsageError(click.ClickException):
    """The command cannot be carried out as asked: one sentence, and exit code 2."""

    exit_code = 2

    def show(self, file: object = None) -> None:
        """Print the one sentence that says why."""
        click.echo(f"Error: {self.format_message()}", err=True)


def check_subnets(subnets: Sequence[str]) -> None:
    """Raise ValueError that names the first of `subnets` that is no IPv4 network."""
    for subnet in subnets:
        try:
            ipaddress.IPv4Network(subnet)
        except ValueError as error:
            raise ValueError(f"{subnet} is not an IPv4 subnet such as 10.5.50.0/24: {error}") from error


def check_version(version: str) -> None:
    """Raise ValueError for what is no version of RouterOS."""
    if not is_version(version):
        raise ValueError(f"--version: {version!r} is no RouterOS version; write it like 7.22.3")
