"""The release's model zoo: what it holds, its downloads, and its files at hand."""
