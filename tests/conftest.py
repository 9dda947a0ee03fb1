"""Fixtures that several test files share."""

import pytest

from pokespiel.showdown.install import ShowdownMissing, install


@pytest.fixture(scope="session")
def showdown():
    """The folder of the installed Showdown; without Node or an npm registry, tests that need it are skipped."""
    try:
        return install()
    except ShowdownMissing as missing:
        pytest.skip(str(missing))
