"""Another service that keeps the same contract, and differs from the reference wherever the contract leaves room.

It serves the whole API, provisions routers, and lets guests in. Its purpose is to show that the suite raises no alarm
for a choice that is somebody's own.
"""
