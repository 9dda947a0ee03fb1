"""The package's subpackages and layers: each imports only lower layers, and no modules import each other in a
circle. `python tests/test_house.py` prints the counts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import networkx as nx

PACKAGE = Path(__file__).parents[1] / "pokespiel"
FLOORS = (
    {"commands"},
    {"adapters", "evaluation", "play"},
    {"report"},
    {"runs"},
    {"psro"},
    {"oracles", "showdown"},
    {"learning", "payoffs"},
    {"game"},
    {"metasolvers"},
    {"core"},
)
"""From the roof down. Rooms of one floor do not import each other."""
DOORS = {"pokespiel", "pokespiel.__main__"}
"""The package's public interface and its command are outside: they import the rooms, and no room imports them."""
LONGEST = 12
"""Modules in the longest path of imports: each waits for the next."""


def modules() -> dict[str, Path]:
    paths = {path.relative_to(PACKAGE.parent).with_suffix(""): path for path in PACKAGE.rglob("*.py*")}
    return {".".join(name.parts).removesuffix(".__init__"): path for name, path in paths.items()}


MODULES = {name: path for name, path in modules().items() if path.suffix in (".py", ".pyi")}


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Everything that may run, including inside functions, but not imports for type checkers only."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING"):
            yield from statements(child)


def imported(path: Path) -> set[str]:
    """The package's modules that a file imports."""
    found = set()
    for node in statements(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            full = {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            found |= {full[name] if full[name] in MODULES else node.module for name in full}
    return found & MODULES.keys()


ARROWS = {(name, other) for name, path in MODULES.items() for other in imported(path) if other != name}


def room(module: str) -> str:
    return module.split(".")[1]


def test_every_room_has_its_floor():
    assert {room(name) for name in MODULES.keys() - DOORS} == set().union(*FLOORS)


BETWEEN = [(a, b) for a, b in ARROWS if not {a, b} & DOORS and room(a) != room(b)]
"""Imports from one room into another."""


def upwards() -> list[tuple[str, str]]:
    """Imports of a room on the same or a higher floor."""
    floor = {name: -level for level, rooms in enumerate(FLOORS) for name in rooms}
    return [(a, b) for a, b in BETWEEN if floor[room(a)] <= floor[room(b)]]


def test_rooms_import_only_floors_below():
    assert len(BETWEEN) > 200, "the arrows are found"
    assert not upwards()


def test_no_room_imports_the_doors():
    assert {(a, b) for a, b in ARROWS if b in DOORS} == set()


def circles() -> list[list[str]]:
    return [sorted(found) for found in nx.strongly_connected_components(nx.DiGraph(ARROWS)) if len(found) > 1]


def test_no_module_imports_in_a_circle():
    assert not circles()


def longest(arrows: set[tuple[str, str]]) -> list[str]:
    """The longest path of imports."""
    return nx.dag_longest_path(nx.DiGraph(arrows))


def test_paths_of_imports_are_short():
    assert longest({("a", "b"), ("b", "c"), ("a", "c")}) == ["a", "b", "c"]
    path = longest(ARROWS)
    assert len(path) <= LONGEST, " -> ".join(path)


GEN1 = re.compile(r"(?i:gen ?1)|\bSWITCHES\b|\bBASELINES\b")
"""Words that only Gen 1 OU's own room, the rooms of Showdown and of play, and registries may use."""
OWN = ("pokespiel.game.gen1", "pokespiel.showdown", "pokespiel.play")
LINES = "pokespiel.game.names"
"""The module whose constants name this package's games; registries elsewhere may name their places."""


def mentions(path: Path) -> list[str]:
    """Names and texts in a file's code that mention Gen 1, except docstrings and entries of registries."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    free: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            free.add(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Registry":
            free |= set(ast.walk(node))
    said = [
        value
        for node in ast.walk(tree)
        if node not in free
        for _, value in ast.iter_fields(node)
        for value in (value if isinstance(value, list) else [value])
        if isinstance(value, str)
    ]
    return [text for text in said if GEN1.search(text)]


def mentioned_elsewhere() -> dict[str, list[str]]:
    """Mentions of Gen 1 OU by module, outside its own."""
    found = {name: mentions(path) for name, path in MODULES.items() if not name.startswith(OWN) and name != LINES}
    return {name: said for name, said in found.items() if said}


def test_only_its_own_room_and_registries_know_of_gen_1(tmp_path):
    file = tmp_path / "code.py"
    file.write_text(
        '"""gen1"""\nfrom a.gen1 import b\nGAMES = Registry("game", {"gen1ou": "a:b"})\nc = b.SWITCHES + "Gen 1"\n'
    )
    assert mentions(file) == ["a.gen1", "SWITCHES", "Gen 1"]
    assert mentioned_elsewhere() == {}


SHARED = {"main"}
"""Names of functions that several modules share: each is run as its module's program."""


def named_twice() -> dict[str, list[str]]:
    """Public classes and functions that several modules define, with these modules."""
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    places: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        names = {node.name for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, kinds)}
        for name in names:
            places.setdefault(name, []).append(str(path.relative_to(PACKAGE)))
    return {name: files for name, files in places.items() if len(files) > 1 and not name.startswith("_")}


def test_no_public_class_or_function_has_the_name_of_another():
    twice = named_twice()
    assert {name: places for name, places in twice.items() if name not in SHARED} == {}
    assert twice.keys() >= SHARED, "an exception that is no longer needed"


if __name__ == "__main__":
    counts = {
        "modules": len(MODULES),
        "rooms, psro.py among them": sum(map(len, FLOORS)),
        "floors": len(FLOORS),
        "arrows between rooms": len({(room(a), room(b)) for a, b in BETWEEN}),
        "arrows back up": len(upwards()),
        "circles": len(circles()),
        "longest path of imports": len(longest(ARROWS)),
        "public names in two modules, but for main": len(named_twice().keys() - SHARED),
        "mentions of Gen 1 outside its rooms, but for registries": len(mentioned_elsewhere()),
    }
    print("\n".join(f"{count:5}  {what}" for what, count in counts.items()))
