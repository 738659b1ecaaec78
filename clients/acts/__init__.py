"""One thing done to many clients: points, a tier, a tag, for a selection or a segment.

`asking` is the front door: ask, decide, undo. A worker (`working`) goes through the clients, each of whose turns
(`doing`) comes once, however often it is killed. It can be undone as a whole by counter-acts.
"""
