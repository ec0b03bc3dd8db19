"""``quorate plan draft``, ``evaluate`` and ``weights``: what comes before a study of a plan, and after it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from participants.plans.approved import AuthorsOwn
from participants.plans.options import privacy_of, training_options
from participants.plans.sources import open_plan
from quorate.cli.output import Format, format_option, print_document
from quorate.digest import digest_of
from quorate.errors import UsageError
from quorate.identifiers import parse_dataset_id, parse_msp_id, parse_study_id

if TYPE_CHECKING:
    from participants.data.records import Records
    from participants.plans.document import PlanDocument
    from quorate.digest import Digest

_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_MODEL: Final = click.Path(path_type=Path, dir_okay=False, exists=True)
_NOTE: Final = "Computed from these records, without noise: tell it to nobody unless they are public."

_scale_option = click.option(
    "--scale-bits", type=click.IntRange(1, 40), default=24, show_default=True, help="As the study's terms say."
)


@click.command()
@click.argument("plan")
@click.argument("study")
@click.option(
    "--participant",
    "participants",
    metavar="MSP/DATASET",
    multiple=True,
    required=True,
    help="A data set that takes part; repeat for each.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A new directory for all of it.")
@click.option("--title", help="Of the study; the plan's name else.")
@click.option("--purpose", default="research", show_default=True, help="One that the data sets are registered for.")
@click.option("--evaluation", type=_FILE, help="A CSV of records that no member has and everybody may see.")
@click.option("--start", type=_MODEL, help="A model of this plan to go on from, as `quorate model pull` fetches it.")
@training_options
@click.option(
    "--expected-batch-size", type=int, help="Public; the sample rate times the records that a participant usually has."
)
@format_option
def draft(plan: str, study: str, out: Path, format_: Format, **options: Any) -> None:  # noqa: ANN401 - click's
    """Write what STUDY of PLAN begins with: the plan's document, the initial model, and terms for you to complete.

    The options are those of `quorate plan simulate`. `quorate study propose --files` takes what was written.
    """
    named = parse_study_id(study)
    participants = tuple(sorted({_participant(text) for text in options["participants"]}))
    if len({msp for msp, _ in participants}) < 2:  # noqa: PLR2004 - nobody attests alone
        raise UsageError("a study needs participants of two organisations at least", hint="Repeat --participant.")
    batch = None if options["no_dp"] else _batch(options)
    document = open_plan(plan)

    from participants.plans.draft import Draft, write_draft  # noqa: PLC0415 - torch only where it is needed

    drafted = Draft(
        study=named,
        title=options["title"] or document.name,
        purpose=options["purpose"],
        participants=participants,
        rounds=options["rounds"],
        privacy=None if batch is None else privacy_of(options, expected_batch_size=batch),
        delta=options["delta"],
        start=options["start"],
        evaluation=None if options["evaluation"] is None else _records(document, options["evaluation"]),
    )
    files = write_draft(document, drafted, out)
    print_document(
        {"schema": "quorate.plan_draft/1", "directory": str(out), "files": sorted(files), "plan": document.digest},
        format_=format_,
    )


@click.command()
@click.argument("plan")
@click.argument("model", type=_MODEL)
@click.option(
    "--data",
    type=_FILE,
    required=True,
    help="A CSV with a header and the plan's columns, or an evaluation set (.safetensors).",
)
@_scale_option
@format_option
def evaluate(plan: str, model: Path, data: Path, scale_bits: int, format_: Format) -> None:
    """Say how many records of a file the final MODEL of a study of PLAN gets right."""
    from participants.plans.final import read_final  # noqa: PLC0415 - numpy only where it is needed

    document = open_plan(plan)
    final = read_final(model, scale_bits=scale_bits)

    from participants.plans.loader import load_plan  # noqa: PLC0415 - torch only for what can be evaluated
    from participants.training.evaluate import evaluate as count  # noqa: PLC0415

    records, digest = _evaluation(document, data)
    found = count(load_plan(document.encode(), approval=AuthorsOwn()), final.weights, records)
    click.echo(_NOTE, err=True)
    print_document(
        {
            "schema": "quorate.plan_evaluation/1",
            "study": final.header.study,
            "round": final.header.round,
            "records": found.records,
            "correct": found.correct,
            "accuracy": round(found.correct / found.records, 4),
            "evaluation_set": digest,
        },
        format_=format_,
    )


@click.command()
@click.argument("model", type=_MODEL)
@click.argument("out", type=_FILE)
@_scale_option
@format_option
def weights(model: Path, out: Path, scale_bits: int, format_: Format) -> None:
    """Write the final MODEL's weights to OUT as float32 (safetensors), for `load_state_dict`."""
    from participants.plans.final import read_final, write_weights  # noqa: PLC0415 - numpy only where it is needed

    final = read_final(model, scale_bits=scale_bits)
    write_weights(out, final.weights)
    shapes = {name: "x".join(map(str, array.shape)) or "1" for name, array in final.weights.items()}
    print_document({"schema": "quorate.plan_weights/1", "file": str(out), "tensors": shapes}, format_=format_)


def _participant(text: str) -> tuple[str, str]:
    msp, slash, dataset = text.partition("/")
    if not slash:
        raise UsageError(f"{text!r} names no data set", hint="Such as --participant AlderMSP/records.")
    return parse_msp_id(msp), parse_dataset_id(dataset)


def _batch(options: dict[str, Any]) -> int:
    size: int | None = options["expected_batch_size"]
    if size is None:
        raise UsageError(
            "a study with privacy needs --expected-batch-size",
            hint="The sample rate times the records that a participant usually has, as a public number; "
            "or --no-dp for a study without privacy.",
        )
    return size


def _evaluation(document: PlanDocument, path: Path) -> tuple[Records, Digest]:
    """Return the records of a CSV or of an evaluation set, and the digest that they have as one."""
    from participants.data.evaluation import encode_evaluation, read_evaluation  # noqa: PLC0415 - with the next one
    from participants.plans.loader import load_plan  # noqa: PLC0415 - torch only where it is needed

    if path.suffix == ".safetensors":
        return read_evaluation(path, load_plan(document.encode(), approval=AuthorsOwn()).inputs)
    records = _records(document, path)
    return records, digest_of(encode_evaluation(records))


def _records(document: PlanDocument, path: Path) -> Records:
    from participants.plans.loader import load_plan  # noqa: PLC0415 - with the next one
    from participants.plans.own_data import read_records  # noqa: PLC0415 - torch only where it is needed

    return read_records(load_plan(document.encode(), approval=AuthorsOwn()).inputs, path)
