"""Runs and tournaments in folders: create, resume, chain, measure; policies and agents by name."""
