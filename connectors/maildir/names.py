"""Names: what may a mailbox, a folder or a file of a Maildir be called?"""

import os
import secrets
import time
from urllib.parse import quote, unquote_to_bytes

INBOX = ""
SUBFOLDERS = ("new", "cur", "tmp")
_PLAIN = "!$&'()*+,-.;=@[]^_`{|}~ "  # everything else is quoted, so that no name breaks a column or a log line


def is_address(name: str) -> bool:
    """Whether `name` can be a mailbox of ours: one path component that looks like an address."""
    local, at, domain = name.rpartition("@")
    shaped = bool(at and local and domain) and len(name) <= 254
    return shaped and name.isprintable() and not name.startswith(".") and not set(name) & set("/\\\0")


def is_component(name: str) -> bool:
    """Whether `name` may be one step of a path below a mailbox, upwards and sideways excluded."""
    return name not in {"", ".", ".."} and not set(name) & set("/\0")


def is_folder(folder: str) -> bool:
    """Whether `folder` names the inbox, a Maildir++ folder (.Work.Old) or a nested one (Work/Old)."""
    parts = folder.split("/")
    return folder == INBOX or all(is_component(part) and part not in SUBFOLDERS for part in parts)


def readable(name: str) -> str:
    """A name from the disk as text that any database keeps; ordinary names stay as they are."""
    return "/".join(quote(os.fsencode(part), safe=_PLAIN) for part in name.split("/"))


def on_disk(text: str) -> str:
    """What `readable` was made from."""
    return os.fsdecode(unquote_to_bytes(text))


def unique_of(name: str) -> str:
    """The part of a file name that flags do not change."""
    return name.partition(":")[0]


def with_info(name: str) -> str:
    """The file name as it may stand in cur/."""
    return name if ":" in name else name + ":2,"


def is_read(name: str) -> bool:
    """Whether a file name carries the flag S, for seen."""
    return "S" in name.partition(":2,")[2]


def with_flags(unique: str, flags: str) -> str:
    """A file name in cur/ that carries `flags`, sorted as the Maildir convention wants them."""
    return f"{unique}:2,{''.join(sorted(set(flags)))}"


def beside(name: str, inode: int) -> str:
    """Another unique name for a file whose own was taken; its size fields and flags stay."""
    unique, colon, info = name.partition(":")
    head, comma, fields = unique.partition(",")
    return f"{head[:150]}-r{inode}{comma}{fields[:50]}{colon}{info}"


def fresh_unique() -> str:
    """A unique name for a file that is about to be delivered."""
    return f"{int(time.time())}.R{secrets.token_hex(10)}.unhook"
