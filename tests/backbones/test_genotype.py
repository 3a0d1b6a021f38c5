"""Genotypes: JSON there and back, and what they refuse."""

import dataclasses
import json

import pytest

from deeplab_tf.backbones.genotype import GENOTYPES, Genotype, genotype

SMALL = {
    "operations": ["none", "atrous_3x3", "max_pool_3x3", "separable_3x3_1"],
    "hidden_states": [0, 1, 2, 0],
    "used_states": [1, 1, 1, 0],
    "path": [0, 1, 1],
}


@pytest.mark.parametrize("name", GENOTYPES)
def test_json_gives_the_same_genotype(name, tmp_path):
    genes = genotype(name)
    assert Genotype.from_json(genes.to_json()) == genes
    assert genotype(json.loads(json.dumps(genes.to_dict()))) == genes
    path = tmp_path / "genes.json"
    genes.save(path)
    assert genotype(path) == genotype(str(path)) == genotype(genes) == genes


def test_the_published_path_and_its_decoder_features():
    # The release's endpoints of Auto-DeepLab: Cell_2, Cell_5, Cell_7.
    genes = genotype("auto_deeplab")
    assert [genes.stride_of(cell) for cell in range(12)] == [4, 4, 4, 8, 16, 8, 16, 16, 32, 32, 16, 8]
    assert (genes.stride, genes.taps, genes.output_states) == (8, ((4, 2), (8, 5), (16, 7)), (2, 3, 4, 5, 6))


@pytest.mark.parametrize(
    "name, strides",
    [
        ("deeplabv3_like", [4, 8] + [16] * 10),
        ("conv_deconv", [4, 8, 8, 16, 16, 32, 32, 16, 16, 8, 8, 4]),
        ("stacked_hourglass", [8, 16, 32, 16, 8, 4] * 2),
    ],
)
def test_earlier_designs_with_the_published_cells(name, strides):
    genes, published = genotype(name), genotype("auto_deeplab")
    assert [genes.stride_of(cell) for cell in range(12)] == strides
    assert (genes.operations, genes.hidden_states) == (published.operations, published.hidden_states)


@pytest.mark.parametrize(
    "path, taps",
    [([1, 1], ((4, -1),)), ([0, 0], ()), ([1, 2, 1], ((4, -1), (8, 0))), ([0, 1, 0, 1, 2], ((4, 2), (8, 3)))],
)
def test_decoder_features_follow_the_path(path, taps):
    assert genotype({**SMALL, "path": path}).taps == taps


@pytest.mark.parametrize(
    "change, message",
    [
        ({"hidden_states": [0, 9, 2, 0]}, "Combination 0 refers to state 9, which does not exist there; .* 0 to 1"),
        ({"hidden_states": [0, 1, -1, 0]}, "Combination 1 refers to state -1, .* 0 to 2"),
        ({"hidden_states": [0, 1, "2", 0]}, "refers to state '2'"),
        ({"hidden_states": [0, 1]}, "4 operations and 2 hidden states"),
        ({"operations": ["none"], "hidden_states": [0]}, "two operations a combination.*1 operations"),
        ({"operations": "none"}, "operations must be a list; received 'none'"),
        ({"used_states": [1, 1, 0]}, "must have 4 entries"),
        ({"used_states": [1, 0, 1, 0]}, "must mark states 0 and 1 as used"),
        ({"used_states": [1, 1, 1, 1]}, "at least one state unused"),
        ({"path": []}, "levels from 0"),
        ({"path": [0, 4]}, "levels from 0"),
        ({"path": [2, 1]}, "starts at level 0 or 1"),
        ({"path": [0, 1, 3]}, r"changes by at most 1 .*received \(0, 1, 3\), where cell 2 jumps from level 1 to 3"),
        ({"hidden_states": [0, 3, 1, 0]}, r"0 refers to state 3, .* \(combination 1 computes it: a cycle\); .* 0 to 1"),
        ({"hidden_states": [0, 1, 3, 0]}, r"1 refers to state 3, .* \(combination 1 computes it: a cycle\); .* 0 to 2"),
        ({"operations": ["none", "atrous_3x3", "seperable_3x3_2", "none"]}, "Did you mean 'separable_3x3_2'"),
        ({"reduction": "input"}, "reduction must be one of 'operations', 'inputs'; .*Did you mean 'inputs'"),
        ({"version": 2}, "version must be a whole number from 1 to 1; received 2. Update deeplab-tf."),
        ({"version": "1"}, "version must be a whole number"),
        ({"taps": [[4, 1]]}, "received cell 1 for stride 4"),
        ({"taps": [[8, 7]]}, "received cell 7 for stride 8"),
        ({"taps": 4}, "tap must be 2 whole numbers"),
        ({"colour": 1}, r"unknown: \['colour'\]"),
    ],
)
def test_impossible_genotypes_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        genotype({**SMALL, **change})


def test_a_file_of_before_is_of_the_first_version_and_halves_in_its_operations(tmp_path):
    path = tmp_path / "before.json"
    path.write_text(json.dumps(SMALL))
    genes = genotype(path)
    assert genes.reduction == "operations"
    assert genes.to_dict() == {"version": 1, **SMALL, "taps": [[4, 0]], "reduction": "operations"}
    assert genes.to_json().splitlines()[1:3] == [
        '  "version": 1,',
        '  "operations": ["none", "atrous_3x3", "max_pool_3x3", "separable_3x3_1"],',
    ]


def test_only_json_files_are_saved(tmp_path):
    with pytest.raises(ValueError, match=r"file must be a .json file; received '.*found.txt'"):
        genotype(SMALL).save(tmp_path / "found.txt")


def test_missing_fields_are_named():
    with pytest.raises(ValueError, match=r"missing: \['path'\]"):
        genotype({key: value for key, value in SMALL.items() if key != "path"})


@pytest.mark.parametrize(
    "text, message",
    [
        ("{", "a JSON file"),
        ("[" * 100_000, "a JSON file"),
        ("9" * 5000, "a JSON file"),
        ("[1]", "a genotype.*JSON object; received a list"),
        ("{}", "a genotype.*missing"),
        (json.dumps({**SMALL, "operations": ["separable_3x3_99999999"] * 4}), "a genotype.*Unknown operation"),
        (json.dumps({**SMALL, "path": [0] * 10_000}), "a genotype.*path has 100 entries at most; received 10000"),
        (json.dumps({**SMALL, "taps": [[4, 1e999]]}), "a genotype.*tap must be 2 whole numbers"),
        (json.dumps({**SMALL, "used_states": [1, 1, 0, []]}), "a genotype.*used_states must"),
    ],
    ids=range(9),
)
def test_a_bad_file_is_named(text, message, tmp_path):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"bad.json cannot be read as {message}"):
        genotype(path)


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match=r"genotype must be one of 'auto_deeplab', .*received 'darts'"):
        genotype("darts")


def test_genotypes_do_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        genotype("auto_deeplab").path = (0,)
