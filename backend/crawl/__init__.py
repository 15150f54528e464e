"""Crawl: links followed by a process that knows nothing and may reach nothing but the open internet."""
