"""A real Pokémon Showdown server: install and serve it, play policies on it."""
