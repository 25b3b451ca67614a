"""The suite, its command line, the observer of routers and the report."""
