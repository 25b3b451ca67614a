"""Guests of a hotspot, the internet behind it, and the pages a router shows them."""
