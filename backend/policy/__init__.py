"""Policy: what a verdict leads to. Numbers in policy.toml, thinking in rules.py."""
