"""Damage to files, drawn from a seed: what disks, transfers, editors and strangers do to them."""

import itertools
import json
import random
from collections.abc import Callable

NUMBERS = (
    "NaN", "Infinity", "-Infinity", "-1", "0", "1e999", "1e308", "2.5", str(2**31), str(2**64), "9" * 400, "9" * 5000,
)  # fmt: skip
VALUES = (None, True, -1, 0, 2**40, 10**400, 1.5, float("nan"), float("inf"), "", "x", "\ud800", "../x", [], {}, [[]])
DEPTH = 100_000


def truncate(content: bytes, draw: random.Random, other: bytes) -> bytes:
    """Cuts the end off; often only a few bytes."""
    lost = draw.randint(1, min(64, len(content))) if draw.random() < 0.5 else draw.randint(1, len(content))
    return content[: len(content) - lost]


def flip_bits(content: bytes, draw: random.Random, other: bytes) -> bytes:
    """Flips one bit, or up to 32."""
    changed = bytearray(content)
    for _ in range(draw.choice((1, 1, 4, 32))):
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def insert(content: bytes, draw: random.Random, other: bytes) -> bytes:
    """Puts random bytes in between."""
    at = draw.randrange(len(content) + 1)
    return content[:at] + draw.randbytes(draw.choice((1, 4, 100))) + content[at:]


def delete(content: bytes, draw: random.Random, other: bytes) -> bytes:
    """Takes bytes out."""
    at = draw.randrange(len(content))
    return content[:at] + content[at + draw.choice((1, 4, 100)) :]


def swap_chunks(content: bytes, draw: random.Random, other: bytes) -> bytes:
    """Exchanges two parts."""
    cuts = sorted(draw.randrange(len(content) + 1) for _ in range(4))
    first, second, third = (content[a:b] for a, b in itertools.pairwise(cuts))
    return content[: cuts[0]] + third + second + first + content[cuts[3] :]


def zero(content: bytes, draw: random.Random, other: bytes) -> bytes:
    """Zeroes a part, as sparse copies do."""
    at = draw.randrange(len(content))
    length = min(draw.choice((1, 16, 512, 4096, len(content))), len(content) - at)
    return content[:at] + bytes(length) + content[at + length :]


def splice(content: bytes, draw: random.Random, other: bytes) -> bytes:
    """The beginning of this file, and the rest of one of another format, or the other way round."""
    one, two = (content, other) if draw.random() < 0.5 else (other, content)
    return one[: draw.randrange(len(one) + 1)] + two[draw.randrange(len(two) + 1) :]


def extreme_integers(content: bytes, draw: random.Random, other: bytes) -> bytes:
    """Overwrites four or eight bytes by the largest and smallest integers, where headers have sizes."""
    at = draw.randrange(min(len(content), draw.choice((64, 512, len(content)))))
    value = draw.choice((b"\xff" * 4, b"\xff" * 8, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", bytes(4)))
    return content[:at] + value + content[at + len(value) :]


def empty(content: bytes, draw: random.Random, other: bytes) -> bytes:
    """Nothing is left."""
    return b""


BYTES: tuple[Callable, ...] = (
    truncate, flip_bits, flip_bits, insert, delete, swap_chunks, zero, splice, extreme_integers, empty,
)  # fmt: skip


def number_in_text(content: bytes, draw: random.Random, other: bytes) -> bytes:
    """Replaces a run of digits by an odd number."""
    text = content.decode("latin-1")
    starts = [i for i, letter in enumerate(text) if letter.isdigit() and not text[i - 1 : i].isdigit()]
    if not starts:
        return insert(content, draw, other)
    start = end = draw.choice(starts)
    while end < len(text) and text[end].isdigit():
        end += 1
    return (text[:start] + draw.choice(NUMBERS) + text[end:]).encode("latin-1")


def nest(content: bytes, draw: random.Random, other: bytes) -> bytes:
    """Nests brackets deeper than any parser's stack."""
    at = draw.choice([0, *(i for i, byte in enumerate(content) if byte in b":[{")])
    opened = draw.choice((b"[", b'{"a":'))
    return content[: at + 1] + opened * DEPTH + content[at + 1 :]


def _places(value, found: list, parent=None, key=None) -> list:
    if parent is not None:
        found.append((parent, key))
    for inner in value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        _places(value[inner], found, value, inner)
    return found


def _in_json(change: Callable) -> Callable:
    def mutate(content: bytes, draw: random.Random, other: bytes) -> bytes:
        value = json.loads(content)
        places = _places(value, [])
        if not places:
            return truncate(content, draw, other)
        change(*draw.choice(places), draw)
        return json.dumps(value).encode()

    mutate.__name__ = change.__name__
    return mutate


@_in_json
def wrong_value(parent, key, draw: random.Random) -> None:
    """Another value, mostly of another type."""
    parent[key] = draw.choice(VALUES)


@_in_json
def missing_key(parent, key, draw: random.Random) -> None:
    """A key or an entry is missing."""
    del parent[key]


@_in_json
def repeated(parent, key, draw: random.Random) -> None:
    """A value comes again, in a list many times."""
    if isinstance(parent, list):
        parent.extend([parent[key]] * draw.choice((1, 1000)))
    else:
        parent[f"{key} "] = parent[key]


JSON: tuple[Callable, ...] = (wrong_value, wrong_value, missing_key, repeated, number_in_text, nest)
TEXT: tuple[Callable, ...] = (number_in_text,)


def mutated(content: bytes, draw: random.Random, other: bytes) -> tuple[str, bytes]:
    """The name of a mutation and what it makes of `content`; `other` is a file of another format."""
    kinds = BYTES
    if content[:1] in (b"{", b"["):
        kinds = (*BYTES, *JSON, *JSON)
    elif content.isascii():
        kinds = (*BYTES, *TEXT)
    kind = draw.choice(kinds)
    return kind.__name__, kind(content, draw, other)
