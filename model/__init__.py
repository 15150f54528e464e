"""The network, the facts it reads and the modules beside it. Only the files that need torch import it."""
