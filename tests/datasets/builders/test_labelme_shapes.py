"""labelme's shapes against pixels that were counted out by hand, or that its documentation tells."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.datasets.builders.labelme_shapes import labelme_mask
from harness.labelme_files import bomb

VALUES = {"_background_": 0, "cat": 1, "dog": 2}


def shape(label, kind, points, **more):
    return {"label": label, "points": points, "group_id": None, "shape_type": kind, "flags": {}} | more


def png(mask):
    buffer = io.BytesIO()
    Image.fromarray(mask).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


@pytest.fixture
def draw(tmp_path):
    def run(*shapes, size=(9, 12), **options):
        content = {
            "version": "5.4.1", "flags": {}, "shapes": list(shapes), "imagePath": "x.png", "imageData": None,
            "imageHeight": size[0], "imageWidth": size[1],
        }  # fmt: skip
        (tmp_path / "x.json").write_text(json.dumps(content))
        return labelme_mask(tmp_path / "x.json", image=tmp_path / "x.png", values=VALUES, **options)

    return run


def picture(text):
    return np.array([[int(character) for character in line] for line in text.split()], np.uint8)


def test_polygon_has_its_outline(draw):
    expected = picture(
        "000000000000 001111110000 001111100000 001111000000 001110000000 001100000000 001000000000 000000000000 "
        "000000000000"
    )
    np.testing.assert_array_equal(draw(shape("cat", "polygon", [[2, 1], [7, 1], [2, 6]])), expected)
    # Version 3 knew polygons alone and did not say so.
    np.testing.assert_array_equal(draw(shape("cat", None, [[2, 1], [7, 1], [2, 6]])), expected)


def test_rectangle_in_either_order_of_corners(draw):
    expected = np.zeros((9, 12), np.uint8)
    expected[2:6, 3:9] = 2
    for points in ([[3, 2], [8, 5]], [[8, 5], [3, 2]], [[3, 5], [8, 2]]):
        np.testing.assert_array_equal(draw(shape("dog", "rectangle", points)), expected)
    corners = [[3, 2], [8, 2], [8, 5], [3, 5]]
    np.testing.assert_array_equal(draw(shape("dog", "oriented_rectangle", corners)), expected)


def test_rectangles_of_four_corners_and_rotated_ones(draw):
    """As X-AnyLabeling writes them."""
    expected = np.zeros((9, 12), np.uint8)
    expected[2:6, 3:9] = 2
    corners = [[3.0, 2.0], [8.0, 2.0], [8.0, 5.0], [3.0, 5.0]]
    for kind, more in (("rectangle", {}), ("rotation", {"direction": 0.0}), ("quadrilateral", {})):
        found = draw(shape("dog", kind, corners, difficult=False, attributes={}, kie_linking=[], **more))
        np.testing.assert_array_equal(found, expected)
    # On its tip: columns 2 to 8 in the middle row.
    tip = [[5.0, 1.0], [8.0, 4.0], [5.0, 7.0], [2.0, 4.0]]
    rows, columns = np.mgrid[:9, :12]
    expected = 2 * (abs(rows - 4) + abs(columns - 5) <= 3)
    for kind in ("rectangle", "rotation"):
        np.testing.assert_array_equal(draw(shape("dog", kind, tip, direction=0.785)), expected)


@pytest.mark.parametrize("radius, options", [(5, {}), (3, {"point_radius": 3})])
def test_point_is_a_disc(draw, radius, options):
    found = draw(shape("cat", "point", [[15, 12]]), size=(25, 31), **options) == 1
    rows, columns = np.mgrid[:25, :31]
    distance = np.hypot(rows - 12, columns - 15)
    assert found[distance <= radius - 0.5].all()
    assert not found[distance > radius + 0.5].any()


def test_circle_is_centre_and_a_point_of_its_edge(draw):
    found = draw(shape("cat", "circle", [[15, 12], [18, 16]]), size=(25, 31)) == 1
    same = draw(shape("cat", "point", [[15, 12]]), size=(25, 31)) == 1
    np.testing.assert_array_equal(found, same)


@pytest.mark.parametrize("width, options", [(10, {}), (4, {"line_width": 4}), (1, {"line_width": 1})])
def test_lines_have_a_width(draw, width, options):
    found = draw(shape("cat", "line", [[0, 20], [40, 20]]), size=(41, 41), **options) == 1
    assert (found.sum(axis=0)[1:40] == width).all()
    rows = np.flatnonzero(found[:, 20])
    assert abs(rows.mean() - 20) <= 0.5
    strip = draw(shape("cat", "linestrip", [[0, 20], [20, 20], [20, 40]]), size=(41, 41), **options) == 1
    assert (strip.sum(axis=0)[1:10] == width).all()
    assert (strip.sum(axis=1)[30:40] == width).all()
    assert not strip[:, 30:].any()


def test_mask_lies_in_its_box(draw):
    cover = np.array([[True, False, True], [False, True, True]])
    expected = np.zeros((9, 12), np.uint8)
    expected[4:6, 2:5] = cover
    mask = shape("cat", "mask", [[2.0, 4.0], [4.0, 5.0]], mask=png(cover))
    np.testing.assert_array_equal(draw(mask), expected)
    out = draw(shape("cat", "mask", [[10, -1], [12, 0]], mask=png(cover)))
    expected = np.zeros((9, 12), np.uint8)
    expected[0, 10:] = [0, 1]
    np.testing.assert_array_equal(out, expected)


def test_later_shapes_lie_above_and_ignored_ones_are_void(draw):
    found = draw(
        shape("cat", "rectangle", [[0, 0], [7, 7]]),
        shape("dog", "rectangle", [[2, 2], [5, 5]]),
        shape("_background_", "rectangle", [[3, 3], [3, 3]]),
        shape("__ignore__", "rectangle", [[5, 5], [6, 6]]),
    )
    expected = picture(
        "111111110000 111111110000 112222110000 112022110000 112222110000 112229910000 111119910000 111111110000 "
        "000000000000"
    )
    np.testing.assert_array_equal(found, np.where(expected == 9, 255, expected))


def test_shape_that_reaches_out_is_clipped(draw):
    expected = np.zeros((9, 12), np.uint8)
    expected[:3, 9:] = 1
    np.testing.assert_array_equal(draw(shape("cat", "rectangle", [[9, -50], [700, 2]])), expected)


@pytest.mark.parametrize(
    "kind, points",
    [
        ("polygon", [[20, 1], [25, 1], [25, 5]]),
        ("rectangle", [[-9, -9], [-1, 4]]),
        ("circle", [[30, 4], [33, 4]]),
        ("point", [[5, 15]]),
        ("line", [[0, 20], [11, 20]]),
        ("polygon", [[12, 0], [14, 0], [14, 5]]),
    ],
)
def test_shape_outside_the_image_is_named(draw, kind, points):
    with pytest.raises(ValueError, match=r"x\.json: shape 2 \('dog'\) lies outside its image: .* of 12x9 pixels"):
        draw(shape("cat", "point", [[1, 1]]), shape("dog", kind, points))


def test_unknown_labels_are_listed_or_ignored(draw):
    shapes = [shape(label, "rectangle", [[1, 1], [2, 2]]) for label in ("cat", "Dog", "tree")]
    with pytest.raises(ValueError, match=r"unknown labels: 'Dog', 'tree'; known are .*'cat'.*--ignore-unknown"):
        draw(*shapes)
    assert draw(*shapes, ignore_unknown=True)[1, 1] == 255


@pytest.mark.parametrize(
    "kind, points, message",
    [
        ("polygon", [[1, 1], [2, 2]], "a polygon needs at least 3 points"),
        ("rectangle", [[1, 1], [2, 2], [3, 3]], "a rectangle needs 2 or 4 points"),
        ("circle", [[1, 1]], "a circle needs 2 points"),
        ("point", [], "a point needs 1 points"),
        ("point", [[1, 2, 3]], "needs 1 points of x and y"),
        ("point", None, "received None"),
        ("line", [[1, float("nan")], [2, 2]], "needs 2 points"),
        ("circle", [[1, 1], [1e9, 1]], "needs 2 points"),
        ("cuboid", [[1, 1]], r"unknown type 'cuboid'; known are polygon, rectangle"),
        ("mask", [[1, 1], [2, 2]], "no PNG in base64"),
        ("rotation", [[1, 1], [2, 2]], "a rotation needs 4 points"),
        (["polygon"], [[1, 1]], r"unknown type \['polygon'\]"),
        ("polygon", {"11": 0, "51": 0, "55": 0}, "needs at least 3 points"),
        ("polygon", ["11", "51", "55"], "needs at least 3 points"),
        ("polygon", [[1, 1], [5, 1], [5, "5"]], "needs at least 3 points"),
        ("polygon", [[1, 1], [5, 1], [5, True]], "needs at least 3 points"),
        ("polygon", [[1, 1], [5, 1], [5, None]], "needs at least 3 points"),
        ("polygon", [[1, 1], [5, 1], [5, 10**400]], "needs at least 3 points"),
        ("line", [[1, float("inf")], [2, 2]], "needs 2 points"),
        ("polygon", [[float("nan"), 1]] * 100_000, r"received \[\[nan, 1\], .{,200}Draw it again"),
    ],
)
def test_bad_shapes(draw, kind, points, message):
    with pytest.raises(ValueError, match=rf"x\.json: shape 1 \('cat'\).*{message}"):
        draw(shape("cat", kind, points))


def test_mask_of_another_size_than_its_box(draw):
    with pytest.raises(ValueError, match="has a mask of 3x2 pixels in a box of 2x2"):
        draw(shape("cat", "mask", [[1, 1], [2, 2]], mask=png(np.ones((2, 3), bool))))
    for bad in ("AAAA", None, 5, ["AAAA"], bomb()):
        with pytest.raises(ValueError, match=r"shape 1 \('cat'\) has a mask .*Draw it again"):
            draw(shape("cat", "mask", [[1, 1], [2, 2]], mask=bad))
    with pytest.raises(ValueError, match=r"a mask of 9000x9000 pixels .* in an image of 12x9"):
        draw(shape("cat", "mask", [[0, 0], [8999, 8999]], mask=bomb(9000)))
