"""What routers hold, how it changed, and whether that is what the device contract asks for."""
