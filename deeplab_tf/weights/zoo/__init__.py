"""The release's model zoo: its catalogue, its downloads, and its cache."""
