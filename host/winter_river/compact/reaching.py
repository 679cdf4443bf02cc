"""What of the firmware a node can reach; the rest stays at home."""

import ast
from collections.abc import Iterable, Sequence

_BY_TEXT = ("getattr", "hasattr", "setattr", "delattr")


class Reach:
    """Names of the whole and names of attributes that somebody mentions. Methods are told by their name alone."""

    def __init__(self, names: Iterable[str], attributes: Iterable[str] = ()) -> None:
        self.names = set(names)
        self.attributes = set(attributes)

    def mention(self, node: ast.AST) -> None:
        """Adds what a piece of source mentions."""
        for part in ast.walk(node):
            if isinstance(part, ast.Name):
                self.names.add(part.id)
            elif isinstance(part, ast.Attribute):
                self.attributes.add(part.attr)
            elif isinstance(part, ast.ImportFrom):
                self.attributes |= {alias.name for alias in part.names}
        self.attributes |= attributes_by_text((node,))

    def kept(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        """The statements that are reached, their classes without methods that are not."""
        waiting = [(given_name(statement), statement) for statement in body]
        reached: list[ast.stmt] = []
        methods: dict[int, list[ast.stmt]] = {}
        moved = True
        while moved:
            moved = False
            for name, statement in list(waiting):
                if name in self.names:
                    moved = True
                    waiting.remove((name, statement))
                    reached.append(statement)
                    if isinstance(statement, ast.ClassDef):
                        methods[id(statement)] = statement.body
                        statement.body = []
                    self.mention(statement)
            for statement in reached:
                for method in list(methods.get(id(statement), ())):
                    assert isinstance(statement, ast.ClassDef)
                    if not isinstance(method, ast.FunctionDef) or self._is_wanted(method.name):
                        moved = True
                        methods[id(statement)].remove(method)
                        statement.body.append(method)
                        self.mention(method)
        for statement in reached:
            if isinstance(statement, ast.ClassDef):
                statement.body = statement.body or [ast.Pass()]
        wanted = {id(statement) for statement in reached}
        return [statement for statement in body if id(statement) in wanted]

    def _is_wanted(self, method: str) -> bool:
        return method in self.attributes or method.startswith("__")


def given_name(statement: ast.stmt) -> str:
    """The name that a statement of a module gives to something."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return statement.name
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return statement.names[0].asname or statement.names[0].name
    assert isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name), ast.unparse(statement)
    return statement.targets[0].id


def attributes_by_text(trees: Iterable[ast.AST]) -> set[str]:
    """Attributes that somebody names by a text."""
    return {
        word.value
        for tree in trees
        for part in ast.walk(tree)
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in _BY_TEXT
        for word in part.args
        if isinstance(word, ast.Constant) and isinstance(word.value, str)
    }
