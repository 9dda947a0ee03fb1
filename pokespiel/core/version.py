"""The package's version, where everything can ask for it; pyproject.toml reads it from here."""

__version__ = "0.1.0"
