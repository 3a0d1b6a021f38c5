"""Encoded images of every kind that clients send, and the numbers that a header states."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

from harness.tiny_model import photo

ORIENTATION = 0x0112


def encoded(image, kind: str, orientation: int = 1, **options) -> bytes:
    """A PIL image or an array as the bytes of a file."""
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    if orientation != 1:
        options["exif"] = Image.Exif()
        options["exif"][ORIENTATION] = orientation
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png(colours: int, bits: int, rows: list[bytes], width: int, height: int | None = None) -> bytes:
    """A PNG of a kind that Pillow does not write, or one that states another size than it has."""
    header = struct.pack(">IIBBBBB", width, height or len(rows), bits, colours, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in parts
    )


def _deep(colours: int, bands: int, most: int = 65536) -> bytes:
    values = np.random.default_rng(1).integers(0, most, (9, 8 * bands), np.uint16)
    return png(colours, 16, [row.astype(">u2").tobytes() for row in values], 8)


def huge_jpeg() -> bytes:
    """A small file that states 60000x60000 pixels."""
    content = bytearray(encoded(photo(30, 40), "JPEG"))
    frame = content.index(b"\xff\xc0")
    content[frame + 5 : frame + 9] = struct.pack(">HH", 60000, 60000)
    return bytes(content)


def huge_png() -> bytes:
    return png(2, 8, [bytes(90)] * 3, 60000, 60000)


def with_alpha(height: int, width: int, seed: int = 0) -> np.ndarray:
    alpha = np.random.default_rng(seed).integers(0, 256, (height, width, 1), np.uint8)
    return np.concatenate([photo(height, width, seed), alpha], -1)


def every_kind() -> dict[str, bytes]:
    """By what is special about them: files that `read_image` takes."""
    rgb = photo(40, 61)
    image = Image.fromarray(rgb)
    few = image.quantize(3)
    big_endian = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    found = {f"jpeg, quality {quality}": encoded(rgb, "JPEG", quality=quality) for quality in (20, 75, 95)}
    found |= {f"jpeg, chroma {kind}": encoded(rgb, "JPEG", subsampling=kind) for kind in (0, 1)}
    found |= {f"jpeg, rotated {number}": encoded(rgb, "JPEG", number) for number in range(2, 10)}
    found |= {f"png, rotated {number}": encoded(rgb, "PNG", number) for number in (2, 5, 8)}
    return found | {
        "jpeg, progressive": encoded(rgb, "JPEG", progressive=True),
        "jpeg, grey": encoded(image.convert("L"), "JPEG"),
        "jpeg, CMYK": encoded(image.convert("CMYK"), "JPEG"),
        "jpeg, EXIF of the other byte order": encoded(rgb, "JPEG", exif=big_endian),
        "jpeg, bytes between its parts": encoded(rgb, "JPEG", 6).replace(b"\xff\xe1", b"\0\xff\xff\xe1", 1),
        "jpeg, several orientations": encoded(rgb, "JPEG", exif=big_endian[:23] + b"\x81" + big_endian[24:]),
        "jpeg, EXIF without entries": encoded(rgb, "JPEG", exif=big_endian[:14] + bytes(2) + big_endian[16:]),
        "png": encoded(rgb, "PNG"),
        "png, alpha": encoded(with_alpha(256, 30), "PNG"),
        "png, alpha and rotated": encoded(with_alpha(20, 30), "PNG", 6),
        "png, grey and alpha": encoded(Image.fromarray(with_alpha(20, 30)).convert("LA"), "PNG"),
        "png, grey": encoded(image.convert("L"), "PNG"),
        "png, one bit": encoded(image.convert("1"), "PNG"),
        "png, four bits": png(0, 4, [bytes(range(9))] * 4, 18),
        "png, palette": encoded(image.quantize(7), "PNG"),
        "png, palette of two bits": encoded(few, "PNG", bits=2),
        "png, palette with a transparent colour": encoded(few, "PNG", transparency=1),
        "png, palette with alpha": encoded(few, "PNG", transparency=bytes([0, 100, 255])),
        "png, a transparent colour": encoded(rgb, "PNG", transparency=tuple(int(value) for value in rgb[0, 0])),
        "png, 16 bits, grey": _deep(0, 1),
        "png, 16 bits, RGB": _deep(2, 3),
        "png, 16 bits, grey and alpha": _deep(4, 2),
        "png, 16 bits, RGB and alpha": _deep(6, 4),
    }


def bad() -> dict[str, bytes]:
    """By a part of the message that is due: what is no image of a client."""
    jpeg, flat = encoded(photo(30, 40), "JPEG"), encoded(photo(30, 40), "PNG")
    return {
        "is empty": [b""],
        "neither a JPEG nor a PNG": [b"hello", b"\xff\xd8", encoded(photo(30, 40), "GIF"), bytes(100_000)],
        "is damaged": [
            jpeg[:3], jpeg[:20], jpeg[: len(jpeg) // 2], jpeg[:-2], flat[:8], flat[:20], flat[:40], flat[:-20],
            flat.replace(b"IDAT", b"iDAT"), jpeg[:2] + b"\xff" * 5000,
        ],
        "states 60000x60000 pixels: expected at most 1 million": [huge_jpeg(), huge_png()],
        "16-bit values go up to 4095": [_deep(0, 1, 4096), _deep(2, 3, 4000)],
    }  # fmt: skip
