"""Microsoft: how are its people told apart? Needs none of its libraries, so that only who talks to it loads them."""

import re

PROVIDER = "outlook"
OBJECT_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # of a directory, and of whatever is in one
