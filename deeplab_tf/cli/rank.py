"""What to label next."""

from __future__ import annotations

import click

from deeplab_tf.cli.group import cli
from deeplab_tf.cli.options import PATH, opening_options


@cli.command()
@click.argument("model", type=PATH)
@click.argument("images", type=PATH, nargs=-1, required=True)
@click.option("--by", type=click.Choice(["entropy", "margin"]), default="entropy", show_default=True, help="Measure.")
@click.option("--count", type=click.IntRange(1), default=24, show_default=True, help="Images to show.")
@click.option("--csv", "csv_path", type=PATH, help="Write all images as CSV.")
@click.option("--contact-sheet", type=PATH, help="PNG of the first images and what the network sees in them.")
@click.option("--labelled", is_flag=True, help="Rank images too that have a labelme file beside them.")
@click.option("--skip-bad", is_flag=True, help="Go on after an image that cannot be read.")
@opening_options
def rank(model, images, by, count, csv_path, contact_sheet, labelled, skip_bad, **opening) -> None:
    """Order unlabelled images by the network's uncertainty: which to label next.

    Entropy is 0 where the network is certain and 1 where it guesses; margin, the difference between the two best
    classes, is 1 where it is certain. Both are means over the pixels.

    \b
    Example:
      deeplab-tf rank runs/mine photos --csv next.csv --contact-sheet next.png
    """
    from deeplab_tf.evaluation import rank_images
    from deeplab_tf.files import check_output_file
    from deeplab_tf.images import check_image_path
    from deeplab_tf.inference import Segmenter
    from deeplab_tf.inference.segmented_files import find_images

    for path in (csv_path, contact_sheet):
        if path is not None:
            check_output_file(path, [model, *find_images(images)])
    if contact_sheet is not None:
        check_image_path(contact_sheet)
    ranking = rank_images(Segmenter(model, **opening), images, by=by, count=count, skip_bad=skip_bad, labelled=labelled)
    click.echo(ranking.table(count))
    if csv_path is not None:
        ranking.save_csv(csv_path)
    if contact_sheet is not None:
        ranking.save_contact_sheet(contact_sheet)
    for reason in ranking.bad.values():
        click.echo(f"Left out: {reason}")
