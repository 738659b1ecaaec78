"""A file of goods: looked through first, taken over when somebody has seen what it would do."""

from __future__ import annotations

import datetime as dt
import zlib
from pathlib import PurePath
from typing import BinaryIO

import msgspec
from django.db import transaction

from loyalty.goods import categories, staging
from loyalty.goods.problems import Problem
from loyalty.goods.reading import Contents, Good, read
from loyalty.models import GoodsImport, Product
from loyalty.sheets import clean
from merchants import audit
from merchants.access import Actor
from merchants.models import Program, User


class OvertakenError(Exception):
    """The import was taken over already, or another file came after it."""


class _Packed(msgspec.Struct):
    goods: list[Good]
    parents: dict[str, str]


def check(*, program: Program, file: BinaryIO, file_name: str, by: Actor, now: dt.datetime) -> GoodsImport:
    """Read a file and say what it would change; the directory stays as it is. `UnreadableError`.

    The import before this one that nobody took over is dropped.
    """
    contents = read(file, digits=program.currency_digits)
    with transaction.atomic():
        staging.lay_out(contents.goods)
        counts = staging.compare(program.pk, contents.columns)
        _ask_for_zeros(program.pk, contents)
        _drop(program.pk)
        return GoodsImport.objects.create(
            program=program,
            file_name=clean(PurePath(file_name).name)[-120:] or "—",
            at=now,
            by=by if isinstance(by, User) else None,
            columns=contents.columns,
            unused=contents.unused,
            problems=msgspec.to_builtins(contents.problems),
            refused=contents.refused,
            fresh=counts.fresh,
            changed=counts.changed,
            same=counts.same,
            missing=counts.missing,
            content=_pack(contents) if contents.goods else None,
        )


@transaction.atomic
def take_over(*, checked: GoodsImport, policy: GoodsImport.Missing, by: Actor, now: dt.datetime) -> GoodsImport:
    """Write what the file says into the directory, all of it or nothing. `OvertakenError`.

    The counts become what was really done: somebody may have edited goods since the check.
    """
    one = GoodsImport.objects.select_for_update().get(program_id=checked.program_id, pk=checked.pk)
    if one.status != GoodsImport.Status.CHECKED or one.content is None:
        raise OvertakenError
    packed = msgspec.json.decode(zlib.decompress(bytes(one.content)), type=_Packed)
    staging.lay_out(packed.goods)
    parents = {**dict.fromkeys(staging.categories(), ""), **packed.parents}
    categories.ensure(one.program_id, parents)
    one.fresh, one.changed = staging.merge(one.program_id, one.columns, source=Product.Source.FILE, now=now)
    one.same = len(packed.goods) - one.fresh - one.changed
    one.policy = policy
    if policy == GoodsImport.Missing.RETIRE:
        one.missing = staging.retire_missing(one.program_id, now=now)
    one.status, one.content = GoodsImport.Status.APPLIED, None
    one.save()
    audit.record(
        program_id=one.program_id,
        action="goods.imported",
        at=now,
        by=by,
        subject=one,
        details={
            "file": one.file_name,
            "new": one.fresh,
            "changed": one.changed,
            "refused": one.refused,
            **({"retired": one.missing} if policy == GoodsImport.Missing.RETIRE else {}),
        },
    )
    return one


def problems_of(checked: GoodsImport) -> list[Problem]:
    return msgspec.convert(checked.problems, list[Problem])


def _drop(program_id: int) -> None:
    waiting = GoodsImport.objects.filter(program_id=program_id, status=GoodsImport.Status.CHECKED)
    waiting.update(status=GoodsImport.Status.DROPPED, content=None)


def _ask_for_zeros(program_id: int, contents: Contents) -> None:
    for row, sku, known in staging.zeros_lost(program_id):
        contents.complain(Problem(row, "sku", "zeros_lost", value=sku, known=known))


def _pack(contents: Contents) -> bytes:
    return zlib.compress(msgspec.json.encode(_Packed(contents.goods, contents.parents)))
