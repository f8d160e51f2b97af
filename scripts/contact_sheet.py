#!/usr/bin/env python3
"""Tiles pictures into one JPEG: contact_sheet.py OUT.jpg COLUMNS WIDTH picture [picture ...]

Every picture becomes WIDTH pixels wide and as high as the first then is. Needs Pillow.
"""

import sys

from PIL import Image

GAP = 4
QUALITY = 78


def main(out: str, columns: int, width: int, files: list[str]) -> None:
    pictures = [Image.open(file).convert("RGB") for file in files]
    height = round(pictures[0].height * width / pictures[0].width)
    rows = -(-len(pictures) // columns)
    size = (columns * (width + GAP) - GAP, rows * (height + GAP) - GAP)
    sheet = Image.new("RGB", size, "white")
    for i, picture in enumerate(pictures):
        place = (i % columns * (width + GAP), i // columns * (height + GAP))
        sheet.paste(picture.resize((width, height), Image.Resampling.LANCZOS), place)
    sheet.save(out, quality=QUALITY, optimize=True)


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
