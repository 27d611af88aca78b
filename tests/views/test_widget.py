"""The base of all views refuses what it does not know."""

import pytest

from tlwidgets._widgets.base import ChartView


def test_an_unknown_trait_is_refused():
    with pytest.raises(TypeError, match="has no trait 'veiw'"):
        ChartView(veiw={})


def test_its_module_is_one_text_without_imports():
    assert "import " not in "".join(
        line for line in ChartView._esm.splitlines() if line.startswith("import")
    )
    assert ChartView._esm.count("export default") == 1
