"""Scopes: what may the add-on do? Nothing is read before somebody presses Report."""

EXECUTE = "https://www.googleapis.com/auth/gmail.addons.execute"  # be an add-on in Gmail
READ_ON_CLICK = "https://www.googleapis.com/auth/gmail.addons.current.message.action"  # the open message, once pressed
WHO = "https://www.googleapis.com/auth/userinfo.email"  # without it Google does not say who presses
LOCALE = "https://www.googleapis.com/auth/script.locale"  # without it Gmail need not say which language

NEEDED = (EXECUTE, READ_ON_CLICK, WHO)
TO_REPORT = (READ_ON_CLICK, WHO)
