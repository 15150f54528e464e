"""Addresses: where does Google post the add-on's events? The descriptor, the cards and the routes all take them here.

Each is the audience of the tokens that come with its events, byte for byte.
"""

HOMEPAGE = "/gmail/homepage"
MESSAGE = "/gmail/message"
REPORT = "/gmail/report"
REFRESH = "/gmail/refresh"
WITHDRAW = "/gmail/withdraw"
LOGO = "/addin/assets/icon-128.png"
