"""Strength and exploitability of policies; making, grading and shipping agents."""
