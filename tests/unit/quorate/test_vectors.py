import pytest

from tests.vectors import generate
from tests.vectors.load import FOLDER

DOCUMENTS = generate.documents()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_pinned_file_is_what_the_slow_arithmetic_gives(name):
    assert (FOLDER / name).read_text() == generate.render(DOCUMENTS[name])
