"""Fixtures that several test files share."""

import pytest

from pokespiel.showdown.install import ShowdownMissing, install


@pytest.fixture(scope="session")
def showdown():
    """The folder of the installed Showdown; a machine without Node or an npm registry skips what needs it."""
    try:
        return install()
    except ShowdownMissing as missing:
        pytest.skip(str(missing))
