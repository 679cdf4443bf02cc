"""check_dialect finds what MicroPython lacks, and says where."""

import ast

import check_dialect
import pytest

CORE = "firmware/winter_node/core.py"


def test_this_checkout_keeps_the_dialect(checkout):
    assert check_dialect.check(checkout) == []


@pytest.mark.parametrize(
    "text",
    [
        "from dataclasses import dataclass",
        "import enum",
        "from typing import Any",
        "from __future__ import annotations",
        "import copy, time",
        "from collections import Counter",
        "from hashlib import blake2b",
        "match x:\n    case 1: pass",
        "def f(a, /): pass",
        "y = [*a, 1]",
        "y = (*a, 1)",
        "y = {*a}",
        "y = {**a}",
        "f(*a, *b)",
        "f(**a, **b)",
        "t._replace(a=1)",
        "t._asdict()",
        "try:\n    f()\nexcept: pass",
        "try:\n    f()\nexcept TimeoutError: pass",
        "class A(metaclass=M): pass",
        "def f():\n    global count",
        "'7'.zfill(3)",
        "text.removeprefix('a')",
        "n.bit_length()",
        "print('a', flush=True)",
        "int('ff', base=16)",
        "n.to_bytes(2, byteorder='big')",
        "vars(x)",
    ],
)
def test_what_a_board_lacks_is_found(text):
    assert len(list(check_dialect.faults_of(ast.parse(text)))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "import machine, network, framebuf, umqtt.simple",
        "from collections import deque, namedtuple, OrderedDict",
        "if (n := 3) > 2: pass",
        "a, *b = [1, 2]",
        "f(*a, **b)",
        "y = f'{a!r} {b:>{w}} {c=}'",
        "try:\n    import uhmac\nexcept ImportError:\n    pass",
        "try:\n    f()\nexcept (OSError, ValueError) as error:\n    print(error, end='')",
        "def f(a, *, b=1): nonlocal_ = lambda: a",
        "n.to_bytes(2, 'big')",
        "title = node.title",
        "async def f(): await g()",
    ],
)
def test_what_a_board_has_is_silent(text):
    assert list(check_dialect.faults_of(ast.parse(text))) == []


def test_fault_names_its_file_and_line(tree):
    assert check_dialect.check(tree({CORE: "x = 1\n\nimport dataclasses\n"})) == [
        f"{CORE}:3: there is no module dataclasses"
    ]


def test_file_that_the_boards_compiler_refuses_is_a_fault(tree):
    # CPython accepts an asynchronous comprehension; MicroPython 1.27 does not.
    faults = check_dialect.check(tree({CORE: "a = 1\nasync def f(y):\n    return [x async for x in y]\n"}))
    assert faults == [f"{CORE}:3: mpy-cross: SyntaxError: invalid syntax"]


def test_fetched_drivers_are_not_ours_to_judge(tree):
    assert check_dialect.check(tree({"firmware/lib/umqtt/simple.py": "import dataclasses"})) == []
