"""The state of a room, pushed to the pages that show it.

A change only sends a hint through the channel layer (`hints`, `receivers`): "look at this room again". Each
process that has sockets on the room reads its state once (`feeds`) and shows the same text to all of them
(`consumers`). A hint that is lost costs seconds, never the truth: feeds look again by themselves.
"""
