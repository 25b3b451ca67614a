"""Another service that keeps the same contract, and differs from the reference wherever the contract leaves room.

It serves instances and their images and provisions routers; it has no guest pages and no other operations. Its
purpose is to show that the suite raises no alarm for a choice that is somebody's own.
"""
