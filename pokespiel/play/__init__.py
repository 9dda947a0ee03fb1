"""Battles of a person against a policy, in a page or a terminal, and an analysis board for battles that were played.

session.py holds one battle, and a test drives it without a browser; sight.py says what a player sees of it, advice.py
what a policy thinks of it. server.py serves the page in static/ to this machine alone, terminal.py is the same in text.
"""
