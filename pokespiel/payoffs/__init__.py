"""Payoff tables: exact or sampled, where matches go, rankings, files of other projects."""
