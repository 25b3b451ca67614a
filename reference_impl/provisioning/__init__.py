"""How the instances in the database become hotspots on RouterOS routers."""
