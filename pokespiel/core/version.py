"""The package's version, which every module can import; pyproject.toml reads it from here."""

__version__ = "0.1.0"
