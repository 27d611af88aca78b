"""The base of all views refuses what it does not know."""

import pytest

from tlwidgets._widgets.base import ChartsView


def test_an_unknown_trait_is_refused():
    with pytest.raises(TypeError, match="has no trait 'veiw'"):
        ChartsView(veiw={})
