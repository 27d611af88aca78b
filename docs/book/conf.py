"""How Sphinx makes the book. Nothing in it is fetched from elsewhere, now or by the reader."""

project = "tlwidgets"
html_title = "Transfer learning, by moving it"
project_copyright = "the tlwidgets developers; code BSD-3-Clause, data as each page says"
extensions = ["myst_nb", "docs.book.formulas"]

myst_enable_extensions = ["dollarmath"]
myst_update_mathjax = False
html_math_renderer = "mathml"

nb_execution_mode = "off"  # docs/book/runs.py has run them
nb_ipywidgets_js = {}  # a widget is a still picture here

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
