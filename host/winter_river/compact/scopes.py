"""Which names in a source mean something of its module, and which are a function's own."""

import ast
from collections.abc import Iterator

FUNCTIONS = (ast.FunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class ModuleNames(ast.NodeTransformer):
    """A transformer that is shown each name that means something of the module, or a builtin."""

    def __init__(self) -> None:
        self._own: list[set[str]] = []  # names of the functions around the node, from the outside in

    def on_name(self, node: ast.Name) -> ast.expr:
        """What stands for such a name."""
        return node

    def is_own(self, name: str) -> bool:
        """Whether a function around the current node has this name as its own."""
        return any(name in names for names in self._own)

    @property
    def is_inside(self) -> bool:
        """Whether the current node is in a function."""
        return bool(self._own)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return node if self.is_own(node.id) else self.on_name(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._enter(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return self._enter(node)

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        return self._enter(node)

    def visit_SetComp(self, node: ast.SetComp) -> ast.AST:
        return self._enter(node)

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        return self._enter(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        return self._enter(node)

    def _enter(self, node: ast.AST) -> ast.AST:
        defaults: list[ast.expr] = []
        if isinstance(node, FUNCTIONS):  # defaults are worked out where the function stands
            defaults = [self.visit(default) for default in node.args.defaults]
            node.args.defaults = []
        self._own.append(own_names(node))
        self.generic_visit(node)
        self._own.pop()
        if isinstance(node, FUNCTIONS):
            node.args.defaults = defaults
        return node


def own_names(function: ast.AST) -> set[str]:
    """The names that a function, lambda or comprehension has as its own."""
    found = {argument.arg for argument in arguments(function)}
    for node in inner(function):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.ExceptHandler):
            found.add(node.name or "")
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
    return found


def arguments(function: ast.AST) -> list[ast.arg]:
    """Every argument of a function or lambda; none for anything else."""
    if not isinstance(function, FUNCTIONS):
        return []
    given = function.args
    every = [*given.posonlyargs, *given.args, given.vararg, *given.kwonlyargs, given.kwarg]
    return [argument for argument in every if argument is not None]


def inner(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function, class or module; of a function or class in it only the node itself."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, (*FUNCTIONS, *_COMPREHENSIONS, ast.ClassDef)):
            yield from inner(child)
