"""The REST interface of RouterOS 7: requests to commands, replies to JSON, and the connection around it."""
