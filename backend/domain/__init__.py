"""Domain: the nouns of the backend as frozen data and named states. No I/O."""
