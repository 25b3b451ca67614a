"""A compact implementation of the captive portal API that provisions MikroTik hotspots."""
