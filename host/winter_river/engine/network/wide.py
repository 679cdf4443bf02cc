"""Eight numbers worked at once: what `lanes` and `single` are written in. Compiled text only.

A `Wide` is a value in compiled text, as a float is: eight floats that go through one instruction where the processor
has such wide registers, through two or four where it has not (LLVM sees to it). That changes no bit; whether there is a
fused multiplication and addition (`fused`) does.

    a = load(column, 8 * k)         # eight neighbours of a one-dimensional column of floats
    store(column, 8 * k, a * b + every(2.0))
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

WIDE = 8  # chosen: of doubles, the widest registers that processors have; halves and quarters of it are no slower
_VECTOR = ir.VectorType(ir.DoubleType(), WIDE)


def _text(make: Callable[..., Any]) -> Any:
    """A name in compiled text: make gives its type and what writes its instructions; `typing` is numba's own."""
    return intrinsic(make)


class WideType(types.Type):
    """The type of a Wide, for numba."""


wide_type: Any = WideType("Wide")


@register_model(WideType)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)  # type: ignore[no-untyped-call]


def _number(number: int) -> Any:
    return ir.Constant(ir.IntType(32), number)


def _at(context: Any, builder: Any, signature: Any, arguments: Any, kind: Any) -> Any:
    """Where the numbers from a place of a column on lie."""
    column = context.make_array(signature.args[0])(context, builder, arguments[0])
    return builder.bitcast(builder.gep(column.data, [arguments[1]]), kind.as_pointer())


def _lanes(context: Any, builder: Any, signature: Any, arguments: Any) -> Iterator[Any]:
    """Where the eight complex numbers lie, as floats."""
    first = _at(context, builder, signature, arguments, ir.DoubleType())
    step = builder.mul(arguments[2], ir.Constant(arguments[2].type, 2))
    for lane in range(WIDE):
        yield builder.gep(first, [builder.mul(step, ir.Constant(step.type, lane))])


@_text
def load(typing: Any, column: Any, first: Any) -> Any:
    """Eight numbers of a column, from that place on; nobody looks whether they are there."""

    def make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_at(context, builder, signature, arguments, _VECTOR), align=8)

    return wide_type(column, types.intp), make


@_text
def store(typing: Any, column: Any, first: Any, what: Any) -> Any:
    """Puts eight numbers there."""

    def make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[2], _at(context, builder, signature, arguments, _VECTOR), align=8)
        return context.get_dummy_value()

    return types.void(column, types.intp, wide_type), make


@_text
def gathered(typing: Any, column: Any, first: Any, apart: Any) -> Any:
    """The real and the imaginary parts of eight numbers of a complex column, so far from each other."""

    def make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        parts = [ir.Constant(_VECTOR, ir.Undefined)] * 2
        for lane, at in enumerate(_lanes(context, builder, signature, arguments)):
            for part in range(2):
                number = builder.load(builder.gep(at, [_number(part)]), align=8)
                parts[part] = builder.insert_element(parts[part], number, _number(lane))
        return context.make_tuple(builder, signature.return_type, parts)

    return types.UniTuple(wide_type, 2)(column, types.intp, types.intp), make


@_text
def scatter(typing: Any, column: Any, first: Any, apart: Any, real: Any, imag: Any) -> Any:
    """Puts eight numbers into a complex column, so far from each other."""

    def make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pair = ir.VectorType(ir.DoubleType(), 2)
        for lane, at in enumerate(_lanes(context, builder, signature, arguments)):
            both = ir.Constant(ir.VectorType(ir.IntType(32), 2), [lane, WIDE + lane])
            number = builder.shuffle_vector(arguments[3], arguments[4], both)
            builder.store(number, builder.bitcast(at, pair.as_pointer()), align=8)
        return context.get_dummy_value()

    return types.void(column, types.intp, types.intp, wide_type, wide_type), make


@_text
def picked(typing: Any, column: Any, places: Any, first: Any) -> Any:
    """The eight numbers of a column whose places stand in another, from that place on."""

    def make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        column, places = (context.make_array(signature.args[k])(context, builder, arguments[k]) for k in (0, 1))
        found = ir.Constant(_VECTOR, ir.Undefined)
        for lane in range(WIDE):
            place = builder.add(arguments[2], ir.Constant(arguments[2].type, lane))
            at = builder.gep(column.data, [builder.load(builder.gep(places.data, [place]))])
            found = builder.insert_element(found, builder.load(at), _number(lane))
        return found

    return wide_type(column, places, types.intp), make


@_text
def root(typing: Any, what: Any) -> Any:
    """The square root of each."""

    def make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(_VECTOR, [_VECTOR])
        found = cgutils.get_or_insert_function(builder.module, kind, f"llvm.sqrt.v{WIDE}f64")
        return builder.call(found, arguments)

    return wide_type(wide_type), make


def _folded(builder: Any, what: Any, both: Callable[[Any, Any], Any]) -> Any:
    """One number out of eight: always the lower half with the upper one."""
    for half in (4, 2, 1):
        places = (ir.Constant(ir.VectorType(ir.IntType(32), half), list(range(k, k + half))) for k in (0, half))
        what = both(*(builder.shuffle_vector(what, what, place) for place in places))
    return builder.extract_element(what, _number(0))


@_text
def total(typing: Any, what: Any) -> Any:
    """The sum of the eight."""

    def make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _folded(builder, arguments[0], builder.fadd)

    return types.float64(wide_type), make


@_text
def largest(typing: Any, what: Any) -> Any:
    """The largest of the eight."""

    def make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _folded(builder, arguments[0], lambda a, b: builder.select(builder.fcmp_ordered(">", a, b), a, b))

    return types.float64(wide_type), make


@_text
def every(typing: Any, number: Any) -> Any:
    """The same number eight times."""

    def make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        one = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), arguments[0], _number(0))
        return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), WIDE), [0] * WIDE))

    return wide_type(types.float64), make


@_text
def larger(typing: Any, a: Any, b: Any) -> Any:
    """The larger of each two."""

    def make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", *arguments), *arguments)

    return wide_type(wide_type, wide_type), make


@_text
def fused(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """a * b + c, rounded once where the processor does that as fast."""

    def make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
        name = f"llvm.fmuladd.v{WIDE}f64"
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)

    return wide_type(wide_type, wide_type, wide_type), make


def _give(how: Any, instruction: str) -> None:
    """Lets an operator work on Wides."""

    @infer_global(how)
    class Both(ConcreteTemplate):
        cases = [signature(wide_type, wide_type, wide_type)]  # noqa: RUF012

    @lower_builtin(how, WideType, WideType)  # type: ignore[untyped-decorator]
    def make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return getattr(builder, instruction)(*arguments)


_give(operator.add, "fadd")
_give(operator.sub, "fsub")
_give(operator.mul, "fmul")
_give(operator.truediv, "fdiv")
