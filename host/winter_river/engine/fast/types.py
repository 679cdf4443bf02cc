"""What numba must know of a plan and a world: `w.nodes[k].live` is a table, a row and a field in a block of bytes.

A holder is two addresses, of its block and of its table of places; so it costs nothing to pass one on, and worlds of
any plan have one type: nothing is compiled twice.
"""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir
from numba.core import cgutils
from numba.core import types as nb
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    infer_getattr,
    intrinsic,
    lower_getattr_generic,
    lower_setattr_generic,
    models,
    register_model,
)
from numba.np import arrayobj

from winter_river.engine.fast.memory import dtype_of
from winter_river.engine.layout import COLUMN, ROWS, Table, tables
from winter_river.engine.plan import Plan
from winter_river.engine.world import World


class HolderType(nb.Type):
    """Plan or World, as numba sees it."""

    def __init__(self, holder: type) -> None:
        self.number = {table.name: number for number, table in enumerate(tables(holder))}
        self.of = {table.name: _type_of(table) for table in tables(holder)}
        self.row_bytes = {table.name: table.row_bytes for table in tables(holder)}
        super().__init__(name=f"WinterRiver{holder.__name__}")  # short: it is part of every symbol


def _type_of(table: Table) -> Any:
    row = numba.from_dtype(dtype_of(table))
    return nb.Array(row, 1, "C") if table.shape in (ROWS, COLUMN) else row


PLAN, WORLD = HolderType(Plan), HolderType(World)


@register_model(HolderType)
class _Model(models.StructModel):
    def __init__(self, dmm: Any, fe_type: Any) -> None:
        super().__init__(dmm, fe_type, [("block", nb.voidptr), ("places", nb.voidptr)])  # type: ignore[no-untyped-call]


@infer_getattr
class _Attributes(AttributeTemplate):
    key = HolderType

    def generic_resolve(self, typ: HolderType, attr: str) -> Any:  # type: ignore[override]
        return typ.of.get(attr)


def _place(builder: Any, places: Any, number: int, part: int) -> Any:
    """An entry of the table of places; it never changes, so it may be kept in a register."""
    word = ir.IntType(64)
    at = builder.gep(builder.bitcast(places, word.as_pointer()), [word(2 * number + part)])
    loaded = builder.load(at)
    loaded.set_metadata("invariant.load", builder.module.add_metadata([]))
    return loaded


@lower_getattr_generic(HolderType)  # type: ignore[untyped-decorator]
def _get(context: Any, builder: Any, typ: HolderType, value: Any, attr: str) -> Any:
    holder = cgutils.create_struct_proxy(typ)(context, builder, value)
    number, found = typ.number[attr], typ.of[attr]
    data = builder.gep(holder.block, [_place(builder, holder.places, number, 0)])
    if not isinstance(found, nb.Array):
        if isinstance(found, nb.Record):
            return builder.bitcast(data, context.get_value_type(found))
        return context.unpack_value(builder, found, builder.bitcast(data, context.get_data_type(found).as_pointer()))
    rows = _place(builder, holder.places, number, 1)
    array = arrayobj.make_array(found)(context, builder)
    row_bytes = context.get_constant(nb.intp, typ.row_bytes[attr])
    arrayobj.populate_array(
        array,
        data=builder.bitcast(data, array.data.type),
        shape=[rows],
        strides=[row_bytes],
        itemsize=row_bytes,
        meminfo=None,
    )
    return array._getvalue()


@lower_setattr_generic(HolderType)  # type: ignore[untyped-decorator]
def _set(context: Any, builder: Any, sig: Any, args: Any, attr: str) -> None:
    typ, given = sig.args
    holder = cgutils.create_struct_proxy(typ)(context, builder, args[0])
    found = typ.of[attr]
    data = builder.gep(holder.block, [_place(builder, holder.places, typ.number[attr], 0)])
    value = context.cast(builder, args[1], given, found)
    context.pack_value(builder, found, value, builder.bitcast(data, context.get_data_type(found).as_pointer()))


def _holder(typ: HolderType) -> Any:
    @intrinsic
    def at(typing: Any, block: Any, places: Any) -> Any:
        """The holder at two addresses."""

        def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            holder = cgutils.create_struct_proxy(typ)(context, builder)
            holder.block = builder.inttoptr(args[0], holder.block.type)
            holder.places = builder.inttoptr(args[1], holder.places.type)
            return holder._getvalue()

        return typ(nb.intp, nb.intp), make

    return at


plan_at, world_at = _holder(PLAN), _holder(WORLD)


def _column(number: Any) -> Any:
    @intrinsic
    def at(typing: Any, data: Any, rows: Any) -> Any:
        """A column of so many numbers at an address."""
        found = nb.Array(number, 1, "C")

        def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            array = arrayobj.make_array(found)(context, builder)
            row_bytes = context.get_constant(nb.intp, context.get_abi_sizeof(context.get_data_type(number)))
            arrayobj.populate_array(
                array,
                data=builder.inttoptr(args[0], array.data.type),
                shape=[args[1]],
                strides=[row_bytes],
                itemsize=row_bytes,
                meminfo=None,
            )
            return array._getvalue()

        return found(nb.intp, nb.intp), make

    return at


floats_at, whole_at, bytes_at = _column(nb.float64), _column(nb.int64), _column(nb.uint8)


def _claimed() -> Any:
    @intrinsic
    def claim(typing: Any, at: Any, count: Any) -> Any:
        """Adds to the number at an address, and gives what it was: no two threads get the same."""

        def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            number = builder.inttoptr(args[0], ir.IntType(64).as_pointer())
            return builder.atomic_rmw("add", number, args[1], "seq_cst")

        return nb.intp(nb.intp, nb.intp), make

    return claim


claimed = _claimed()


def holder_at(holder: type) -> Any:
    """What makes another holder of tables (layout.py) from two addresses, in compiled text."""
    return _holder(HolderType(holder))
