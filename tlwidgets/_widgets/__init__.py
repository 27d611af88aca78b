"""What the widgets share: the base of a live view, and one chart, live and as a figure."""
