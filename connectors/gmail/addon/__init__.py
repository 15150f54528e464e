"""The add-on in Gmail: what it shows, what Google posts to it, and how that is proven."""
