"""What guests meet: the pages of the portal, the ways to log in, and what the network is told of it."""
