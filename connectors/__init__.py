"""Mail providers, each behind the one contract of `connectors.contract`."""
