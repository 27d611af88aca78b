"""A button that brings files of any size from the browser into the kernel."""
