"""What to do with a model: segment; and the demo of all of it."""

from __future__ import annotations

from pathlib import Path

import click

from deeplab_tf.cli.group import cli
from deeplab_tf.cli.options import PATH, opening_options


@cli.command()
@click.argument("model", type=PATH)
@click.argument("images", type=PATH, nargs=-1, required=True)
@click.option("--output", type=PATH, help="Folder for label PNGs and overlays; of a video, the video to write.")
@click.option("--labelme", type=PATH, help="Folder for labelme's JSON files, to be corrected; best that of the images.")
@click.option(
    "--tolerance", type=click.FloatRange(0), default=1.0, show_default=True, help="Of labelme's polygons, in pixels."
)
@click.option(
    "--smallest", type=click.FloatRange(0), default=10, show_default=True, help="Pixels of the least polygon."
)
@click.option("--overwrite", is_flag=True, help="Replace labelme's files that are there.")
@click.option("--skip-bad", is_flag=True, help="Go on after an image that cannot be read.")
@click.option("--cityscapes-ids", is_flag=True, help="Write PNGs of ids for Cityscapes' server instead.")
@click.option("--voc-results", is_flag=True, help="Write palette PNGs in the folders of PASCAL VOC's server instead.")
@click.option("--legend/--no-legend", default=False, help="Add the classes that occur to the overlays.  [default: no]")
@opening_options
def segment(
    model,
    images,
    output,
    labelme,
    tolerance,
    smallest,
    overwrite,
    skip_bad,
    cityscapes_ids,
    voc_results,
    legend,
    **opening,
) -> None:
    """Segment images, or folders of them, into label PNGs and overlays or labelme's files; or a video into another.

    MODEL is a .keras file, a run folder, an export, a released file, or a name that deeplab-tf zoo lists, which is
    downloaded once.

    \b
    Examples:
      deeplab-tf segment mobilenetv2_coco_voc_trainval photo.jpg holiday/ --output out
      deeplab-tf segment aerial.keras survey.tif --window 1025 --overlap 0.25 --output out
      deeplab-tf segment mine.keras photos --labelme photos
      deeplab-tf segment voc.keras clip.mp4 --output out.mp4
      deeplab-tf segment voc.keras VOC2012/JPEGImages --voc-results --output submission
      deeplab-tf segment cityscapes.keras leftImg8bit/test/* --cityscapes-ids --output results
    """
    from deeplab_tf.inference import Segmenter, segment_files, segment_video
    from deeplab_tf.inference.video import VIDEO_SUFFIXES
    from deeplab_tf.progress import counted

    if any(path.suffix.lower() in VIDEO_SUFFIXES for path in images):
        if len(images) > 1 or output is None or labelme is not None or cityscapes_ids or voc_results or legend:
            raise click.UsageError(
                "Give one video alone; a video takes --output, the video to write, and no --labelme, "
                "--cityscapes-ids, --voc-results or --legend."
            )
        video = segment_video(Segmenter(model, **opening), images[0], output)
        click.echo(f"{counted(video.frames, 'frame')} in {output}, {video.frames_per_second:.1f} frames per second")
        return
    if output is None and labelme is None:
        raise click.UsageError("Give --output for label PNGs and overlays, --labelme for labelme's files, or both.")
    done = segment_files(
        Segmenter(model, **opening),
        images,
        output,
        skip_bad=skip_bad,
        cityscapes_ids=cityscapes_ids,
        voc_results=voc_results,
        legend=legend,
        labelme=labelme,
        tolerance=tolerance,
        smallest=smallest,
        overwrite=overwrite,
    )
    places = " and ".join(str(folder) for folder in (output, labelme) if folder is not None)
    click.echo(f"{counted(len(done.written), 'image')} in {places}, {done.images_per_second:.1f} images per second")
    if done.kept:
        click.echo(f"Kept {counted(len(done.kept), 'labelme file')} that lay there already; --overwrite replaces them.")
    for reason in done.bad.values():
        click.echo(f"Left out: {reason}")


@cli.command()
@click.option("--output", type=PATH, default=Path("deeplab-demo"), show_default=True, help="Folder to leave.")
@click.option("--steps", type=click.IntRange(1), help="Training steps.  [default: what mIoU 0.85 needs]")
@click.option("--weights", type=PATH, help="Also segment a photograph with this network.")
@click.option(
    "--photo",
    "photographs",
    type=PATH,
    multiple=True,
    help="A photograph for --weights; repeat.  [default: the crow of the documentation, in a clone]",
)
@click.option("--overwrite", is_flag=True, help="Replace an earlier demo.")
def demo(output, steps, weights, photographs, overwrite) -> None:
    """The whole job on drawn images, nothing downloaded: draw, convert, train, evaluate, export, segment.

    The folder's index.html tells it in ten pictures. With --weights a real photograph is segmented first, by whatever
    segment takes: a model, an export, a released file, or a name of the zoo, which is downloaded.

    \b
    Examples:
      deeplab-tf demo --output deeplab-demo
      deeplab-tf demo --weights deeplabv3_mnv2_pascal_quant.tflite --photo cat.jpg
    """
    from deeplab_tf.demo import run_demo

    if photographs and weights is None:
        raise click.UsageError("--photo is for --weights, whose network segments it. Give both.")
    run_demo(
        output, overwrite=overwrite, weights=weights, photographs=photographs, **({"steps": steps} if steps else {})
    )
