"""Battles of a person against a policy, in a page or a terminal, and an analysis board for finished battles.

session.py holds one battle, and tests drive it without a browser; sight.py prepares what a player sees, advice.py a
policy's view of it. server.py serves the page in static/ to this machine only, terminal.py is the same in text.
"""
