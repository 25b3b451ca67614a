"""Stateless server made from the spec alone, and a validating proxy."""
