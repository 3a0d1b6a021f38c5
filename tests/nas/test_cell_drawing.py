"""The drawn cell: its lines, read back from the picture, are the genotype; nothing covers anything."""

import itertools

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from deeplab_tf.nas import SearchSpace, genotype, random_genotype
from deeplab_tf.nas.cell_drawing import CellPicture
from deeplab_tf.nas.drawing import figure_of

CELLS = {
    **{name: genotype(name) for name in ("auto_deeplab", "pnasnet_8")},
    **{f"{blocks} blocks": random_genotype(SearchSpace(1, blocks), blocks) for blocks in (1, 2, 3, 4, 5, 8)},
}


class Drawn:
    """Boxes (left, bottom, right, top) with their text, and straight lines (start, end), in inches."""

    def __init__(self, genes):
        self.figure = figure_of([CellPicture(genes)])
        (self.axes,) = self.figure.axes
        patches = self.axes.patches
        texts = {(round(text.get_position()[0], 6), round(text.get_position()[1], 6)): text for text in self.axes.texts}
        self.boxes = {}
        for box in (patch for patch in patches if isinstance(patch, FancyBboxPatch)):
            left, bottom, right, top = box.get_bbox().extents
            text = texts[round((left + right) / 2, 6), round((bottom + top) / 2, 6)]
            self.boxes[left, bottom, right, top] = text
        arrows = [patch for patch in patches if isinstance(patch, FancyArrowPatch)]
        self.lines = [tuple(map(tuple, patch._path_original.vertices.round(6))) for patch in arrows]

    def operations(self):
        """Boxes of operations from above: the order of the genotype."""
        found = [(box, text.get_text()) for box, text in self.boxes.items() if text.get_text()[0] in "sam"]
        return sorted(found, key=lambda item: -item[0][1])

    def nets(self):
        """Groups of lines that touch: an end of one lies on the other."""
        groups = [{line} for line in self.lines]
        for one, other in itertools.combinations(self.lines, 2):
            if any(lies_on(point, other) for point in one) or any(lies_on(point, one) for point in other):
                merged = next(group for group in groups if one in group) | next(g for g in groups if other in g)
                groups = [group for group in groups if not group & merged] + [merged]
        return groups


def lies_on(point, line):
    (x, y), ((x0, y0), (x1, y1)) = point, line
    return (
        min(x0, x1) - 1e-6 <= x <= max(x0, x1) + 1e-6
        and min(y0, y1) - 1e-6 <= y <= max(y0, y1) + 1e-6
        and (abs((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) < 1e-6)
    )


@pytest.fixture(scope="module", params=CELLS)
def cell(request):
    return CELLS[request.param], Drawn(CELLS[request.param])


def test_its_lines_are_the_genotype(cell):
    genes, drawn = cell
    ports = [(round(box[0], 6), round((box[1] + box[3]) / 2, 6)) for box, _ in drawn.operations()]
    nets = [frozenset(ports.index(end) for _, end in net if end in ports) for net in drawn.nets()]
    readers = [
        frozenset(index for index, read in enumerate(genes.hidden_states) if read == state)
        for state in range(2 + genes.combinations)
    ]
    assert sorted(map(sorted, filter(None, nets))) == sorted(map(sorted, filter(None, readers)))
    (concat,) = (box for box, text in drawn.boxes.items() if text.get_text() == "concat")
    ends = [end for _, end in drawn.lines if end[0] == round(concat[0], 6)]
    assert len(ends) == len(genes.output_states)
    assert all(concat[1] < y < concat[3] for _, y in ends)


def test_operations_are_named_in_order(cell):
    genes, drawn = cell
    short = {"separable": "sep", "atrous": "atr", "avg": "avg", "max": "max", "none": "skip"}
    assert [text.split()[0] for _, text in drawn.operations()] == [
        short[operation.split("_")[0]] for operation in genes.operations
    ]
    assert all(text == "skip" or text[-3:] in ("3×3", "5×5", "7×7") for _, text in drawn.operations())


def test_no_box_covers_another_or_a_line(cell):
    _, drawn = cell
    for one, other in itertools.combinations(drawn.boxes, 2):
        assert one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1]
    for line, box in itertools.product(drawn.lines, drawn.boxes):
        (x0, y0), (x1, y1) = line
        inside_x = min(x0, x1) < box[2] - 1e-6 and max(x0, x1) > box[0] + 1e-6
        inside_y = min(y0, y1) < box[3] - 1e-6 and max(y0, y1) > box[1] + 1e-6
        assert not (inside_x and inside_y), (line, box)


def test_texts_fit_into_their_boxes(cell):
    _, drawn = cell
    canvas = FigureCanvasAgg(drawn.figure)
    canvas.draw()
    for (left, bottom, right, top), text in drawn.boxes.items():
        shown = text.get_window_extent(canvas.get_renderer()).transformed(drawn.axes.transData.inverted())
        assert left < shown.x0 < shown.x1 < right
        assert bottom < shown.y0 < shown.y1 < top
