from pathlib import Path

import pytest

from local import release


@pytest.fixture(scope="session")
def previous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `sam build` takes of the previous release."""
    folder = tmp_path_factory.mktemp("previous")
    release.unpack(release.newest(), folder)
    return folder
