"""Draw icons: the add-in's pictures, from the same lines as mark.svg. Run it again when the mark changes."""

from pathlib import Path

from PIL import Image, ImageDraw

SIZES = (16, 25, 32, 48, 50, 64, 75, 80, 96, 128, 144)  # a phone wants 25, 32 and 48 once, twice and three times
ASSETS = Path(__file__).parent / "assets"
COLOUR = (26, 146, 131, 255)  # of mark.svg; seen on Outlook's light and dark ribbons alike
BOX = 24  # the mark's own units
FINER = 16  # drawn this many times larger, then shrunk, for smooth edges


def draw(size: int) -> Image.Image:
    """The mark, `size` pixels square on nothing."""
    scale = size * FINER / BOX
    image = Image.new("RGBA", (size * FINER, size * FINER), (*COLOUR[:3], 0))
    pen = ImageDraw.Draw(image)
    width = max(2.25, 1.6 * BOX / size) * scale  # a thin hook is lost on 16 pixels

    def line(*points: tuple[float, float]) -> None:
        pen.line([(x * scale, y * scale) for x, y in points], COLOUR, round(width), joint="curve")
        for x, y in points:
            dot(x, y, width / 2)

    def dot(x: float, y: float, radius: float) -> None:
        pen.ellipse((x * scale - radius, y * scale - radius, x * scale + radius, y * scale + radius), COLOUR)

    def ring(x: float, y: float, radius: float, start: float = 0, end: float = 360) -> None:
        outer = radius * scale + width / 2
        box = (x * scale - outer, y * scale - outer, x * scale + outer, y * scale + outer)
        pen.arc(box, start, end, COLOUR, round(width))

    ring(16, 4, 2)
    line((16, 6), (16, 14.5))
    ring(10.5, 14.5, 5.5, 0, 180)
    line((5, 14.5), (5, 12))
    line((2.5, 14.5), (5, 12), (7.5, 14.5))
    return image.resize((size, size), Image.Resampling.LANCZOS)


def main() -> None:
    """Write every size."""
    for size in SIZES:
        draw(size).save(ASSETS / f"icon-{size}.png", optimize=True)


if __name__ == "__main__":
    main()
