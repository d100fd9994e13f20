"""Measurements with targets: each is `python -m bench.<name> --json`, and exits 1 below its target."""
