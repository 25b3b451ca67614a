"""A compact implementation of the Captive Portal API that provisions RouterOS routers."""
