"""`python -m pokespiel` is the `pokespiel` command."""

import sys

from pokespiel.commands.main import main

if __name__ == "__main__":
    sys.exit(main())
