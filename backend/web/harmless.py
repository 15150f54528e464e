"""Harmless: which tags, attributes and styles may a shown mail keep?"""

TAGS = frozenset(
    {
        "abbr",
        "address",
        "article",
        "aside",
        "b",
        "bdi",
        "big",
        "blockquote",
        "br",
        "caption",
        "center",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "font",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "main",
        "mark",
        "nav",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "section",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "u",
        "ul",
        "wbr",
    }
)

# Removed with all they hold.
GONE = frozenset(
    {"embed", "head", "iframe", "math", "noscript", "object", "script", "style", "svg", "template", "title"}
)

# No property that loads, covers, moves or hides something: what a phish hides, an operator should see.
STYLES = frozenset(
    {
        "background-color",
        "border",
        "border-bottom",
        "border-collapse",
        "border-color",
        "border-left",
        "border-radius",
        "border-right",
        "border-style",
        "border-top",
        "border-width",
        "color",
        "font-family",
        "font-style",
        "font-weight",
        "padding",
        "padding-bottom",
        "padding-left",
        "padding-right",
        "padding-top",
        "text-align",
        "text-decoration",
        "text-transform",
        "vertical-align",
        "white-space",
        "width",
    }
)

# What a link may say in the first pass, only to be shown as text in the second.
SCHEMES = frozenset(
    {"blob", "cid", "data", "file", "ftp", "http", "https", "javascript", "mailto", "sms", "tel", "vbscript"}
)

PICTURES = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp"})

ATTRIBUTES = {
    "*": {"align", "bgcolor", "color", "dir", "lang", "style", "valign"},
    "img": {"src", "alt", "width", "height"},
    "table": {"border", "cellpadding", "cellspacing", "width"},
    "td": {"colspan", "rowspan", "width"},
    "th": {"colspan", "rowspan", "width"},
    "span": {"class"},
}
