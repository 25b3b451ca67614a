"""Reserved for a server made from the spec alone. Nothing is built here yet."""
