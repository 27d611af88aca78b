"""How Sphinx makes the book. Nothing in it is fetched from elsewhere, now or by the reader."""

from numpydoc.xref import DEFAULT_LINKS

from docs.book.api import find_homes

project = "tlwidgets"
html_title = "Transfer learning, by moving it"
project_copyright = "the tlwidgets developers; code BSD-3-Clause, data as each page says"
extensions = ["myst_nb", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.autosummary"]
extensions += ["docs.book.api", "docs.book.formulas"]

myst_enable_extensions = ["dollarmath"]
myst_update_mathjax = False
html_math_renderer = "mathml"

nb_execution_mode = "off"  # docs/book/runs.py has run them
nb_ipywidgets_js = {}  # a widget is a still picture here

autosummary_generate = False  # docs/book/api.py writes the pages
autodoc_inherit_docstrings = False  # those of Keras and ipywidgets are theirs
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # a docstring says more: shape and range
default_role = "py:obj"
numpydoc_show_class_members = False  # docs/book/api.py names ours
numpydoc_xref_param_type = True
numpydoc_xref_ignore = "all"  # but classes of ours; Python's own documentation is elsewhere
numpydoc_xref_aliases = {name: name for name in DEFAULT_LINKS} | {
    path.rsplit(".", 1)[1]: path for path in find_homes() if path.rsplit(".", 1)[1][0].isupper()
}
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["book.css"]
html_js_files = ["book.js"]
html_copy_source = False
html_use_index = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#00507d", "color-brand-content": "#0072b2"},
    "dark_css_variables": {"color-brand-primary": "#6cb8e6", "color-brand-content": "#6cb8e6"},
}
