"""Layout: how does a letter look, as text and as HTML?"""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from model.composed.letter import Letter
from model.composed.world import World

Link = tuple[str, str]  # what is shown, where it leads


@dataclass(frozen=True)
class Page:
    """A letter with its links: all that a layout needs."""

    letter: Letter
    company: str
    buttons: tuple[Link, ...]
    small: tuple[Link, ...]
    logo: str = ""  # address of a picture
    pixel: str = ""
    picture: str = ""  # Content-ID of one that comes along

    @property
    def rightward(self) -> str:
        """The attribute that scripts written from the right need."""
        return ' dir="rtl"' if self.letter.language == "ar" else ""


def plain(page: Page) -> str:
    """The text part."""
    links = [f"{label}:\n{url}" if label != url else url for label, url in page.buttons]
    small = [f"{label}: {url}" for label, url in page.small]
    parts = [*page.letter.lines, *links, "\n".join(page.letter.closing), page.letter.note, "\n".join(small)]
    if page.letter.quoted:
        parts += [page.letter.quoted[0], "\n".join(f"> {line}" for line in page.letter.quoted[1:])]
    return "\n\n".join(part for part in parts if part) + "\n"


def pretty(page: Page, world: World, flow: str) -> str:
    """The HTML part in one of the looks of its flow."""
    return world.pick(_PERSONAL if flow == "person" else _AUTOMATIC)(page, world)


def _simple(page: Page, _world: World) -> str:
    body = "".join(f"<p>{escape(line)}</p>" for line in page.letter.lines)
    body += "".join(f'<p><a href="{escape(url)}">{escape(label)}</a></p>' for label, url in page.buttons)
    end = f"<p>{_closing(page)}</p>{_small(page, ' | ')}{_pixel(page)}"
    return f"<html><body{page.rightward}>{_logo(page)}{body}{end}</body></html>"


def _card(page: Page, world: World) -> str:
    color = world.letters("h", 6)
    style = f"background:#{color};color:#ffffff;padding:12px 24px;border-radius:4px;text-decoration:none"
    hidden = f'<div style="display:none;max-height:0;overflow:hidden">{escape(page.letter.lines[-1])}</div>'
    table = 'cellpadding="0" cellspacing="0" role="presentation"'
    rows = "".join(
        f'<tr><td style="padding:8px 32px;font-size:16px;line-height:24px">{escape(line)}</td></tr>'
        for line in page.letter.lines
    )
    rows += "".join(
        f'<tr><td align="center" style="padding:24px"><a href="{escape(url)}" target="_blank" style="{style}">'
        f"{escape(label)}</a></td></tr>"
        for label, url in page.buttons
    )
    rows += f'<tr><td style="padding:8px 32px">{_closing(page)}</td></tr>'
    return (
        '<!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(page.letter.subject)}</title><style>body{{margin:0;background:#f4f4f7}} "
        "@media (max-width:600px){.c{width:100%!important}}</style></head>"
        f"<body{page.rightward}>{hidden}"
        f'<table width="100%" {table}><tr><td align="center">{_logo(page)}'
        f'<table class="c" width="600" bgcolor="#ffffff" {table}>{rows}</table>'
        f"{_small(page, ' &middot; ')}</td></tr></table>{_pixel(page)}</body></html>"
    )


def _sections(page: Page, world: World) -> str:
    """A newsletter: a picture and a link beside every other line."""
    host = page.logo.rpartition("/")[0]
    parts = []
    for number, line in enumerate(page.letter.lines):
        label, url = page.buttons[number % len(page.buttons)] if page.buttons else ("", "")
        picture = (
            f'<img src="{escape(host)}/{world.letters("h", 8)}.jpg" width="560" alt="">' if host and number % 2 else ""
        )
        more = (
            f'<a href="{escape(url)}">{escape(label)}</a>'
            if url and (number % 2 or number == len(page.letter.lines) - 1)
            else ""
        )
        parts.append(
            f'<div class="section">{picture}<p style="font-family:Arial,sans-serif">{escape(line)}</p>{more}</div>'
        )
    style = f".section{{padding:16px}} a{{color:#{world.letters('h', 6)}}}"
    end = f"<p>{_closing(page)}</p><hr>{_small(page, '<br>')}{_pixel(page)}"
    return (
        f"<html><head><style>{style}</style></head><body{page.rightward}>"
        f"<center>{_logo(page)}</center>{''.join(parts)}{end}</body></html>"
    )


def _office(page: Page, _world: World) -> str:
    """As Outlook writes."""
    body = "".join(f'<p class="MsoNormal">{escape(line)}<o:p></o:p></p>' for line in page.letter.lines)
    body += "".join(
        f'<p class="MsoNormal"><a href="{escape(url)}">{escape(label)}</a><o:p></o:p></p>'
        for label, url in page.buttons
    )
    quoted = ""
    if page.letter.quoted:
        said = "".join(f'<p class="MsoNormal">{escape(line)}<o:p></o:p></p>' for line in page.letter.quoted)
        quoted = f'<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">{said}</div>'
    return (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:w="urn:schemas-microsoft-com:office:word"><head>'
        '<meta http-equiv="Content-Type" content="text/html; charset=utf-8"><style>'
        '<!-- p.MsoNormal {margin:0cm;font-size:11.0pt;font-family:"Calibri",sans-serif;} --></style></head>'
        f'<body lang="{page.letter.language}"{page.rightward}><div class="WordSection1">{body}'
        f'<p class="MsoNormal">{_closing(page)}<o:p></o:p></p>{_logo(page)}{quoted}</div></body></html>'
    )


def _webmail(page: Page, _world: World) -> str:
    """As Gmail writes."""
    body = "".join(f"<div>{escape(line)}</div><div><br></div>" for line in page.letter.lines)
    body += "".join(f'<div><a href="{escape(url)}">{escape(label)}</a></div>' for label, url in page.buttons)
    quoted = ""
    if page.letter.quoted:
        inside = "<br>".join(escape(line) for line in page.letter.quoted[1:])
        quoted = (
            f'<br><div class="gmail_quote"><div class="gmail_attr">{escape(page.letter.quoted[0])}<br></div>'
            f'<blockquote class="gmail_quote" style="margin:0 0 0 .8ex">{inside}</blockquote></div>'
        )
    return (
        f'<div dir="{"rtl" if page.rightward else "ltr"}">{body}<div>{_closing(page)}</div>{_logo(page)}</div>{quoted}'
    )


_Look = Callable[[Page, World], str]
_AUTOMATIC: tuple[_Look, ...] = (_simple, _card, _card, _sections)
_PERSONAL: tuple[_Look, ...] = (_office, _office, _webmail, _simple)


def _closing(page: Page) -> str:
    return "<br>".join(escape(line) for line in page.letter.closing)


def _logo(page: Page) -> str:
    if page.picture:
        return f'<img src="cid:{page.picture}" width="120" alt="{escape(page.company)}">'
    return f'<img src="{escape(page.logo)}" height="36" alt="{escape(page.company)}">' if page.logo else ""


def _small(page: Page, between: str) -> str:
    links = between.join(f'<a href="{escape(url)}">{escape(label)}</a>' for label, url in page.small)
    note = f"{escape(page.letter.note)}<br>" if page.letter.note else ""
    return f'<p style="font-size:12px;color:#777777">{note}{links}</p>' if note or links else ""


def _pixel(page: Page) -> str:
    return f'<img src="{escape(page.pixel)}" width="1" height="1" alt="" border="0">' if page.pixel else ""
