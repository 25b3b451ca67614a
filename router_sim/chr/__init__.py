"""Cloud Hosted Router: the real RouterOS, as an image the user supplies, in a virtual machine."""
