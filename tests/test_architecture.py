"""The house holds: floors, budgets, documents. ARCHITECTURE.md says why."""

import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "siteselect"

# room: (may import, heavy libraries at module top)
FLOORS: dict[str, tuple[str, str]] = {
    "base": ("", ""),
    "declared": ("base", "pydantic"),
    "decide": ("base, declared", "numpy"),
    "world": ("base, declared", "geopandas, numpy, pandas, pyogrio, pyproj, rasterio, shapely"),
    "measure": (
        "base, declared, decide, world",
        "geopandas, networkx, numpy, pandas, pyproj, shapely",
    ),
    "plan": ("base, declared, decide, world", "networkx, numpy"),
    "study": (
        "base, declared, decide, world, measure, plan",
        "geopandas, numpy, pandas, pyproj, shapely",
    ),
    "present": (
        "base, declared, decide, world, plan, study",
        "geopandas, numpy, pandas, pyogrio, pyproj, rasterio, shapely",
    ),
    "cli": ("base, declared, study, present", "click"),
}
# Hold what numba compiles, and are themselves imported inside functions, where numba is at hand.
COMPILED = sorted(PACKAGE.glob("*/kernels*.py"))
FEWEST, MOST = 2, 15  # files of a room
EXAMPLE_ENOUGH = 4  # so many parameters an example may explain without a table of them
# What folium pastes into scripts and templates unescaped; our own layer draws instead.
FOLIUM_BANNED = re.compile(
    r"(Popup|Tooltip|Icon|Marker|GeoJson|TopoJson|Choropleth|FeatureGroup|LayerControl|LatLngPopup)"
)
CONTAINERS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
MUTATORS = {"append", "add", "clear", "extend", "insert", "pop", "popitem", "remove", "setdefault",
            "update"}  # fmt: skip
Function = ast.FunctionDef | ast.AsyncFunctionDef

FILES = sorted(PACKAGE.rglob("*.py"))
ROOMS = sorted(p.parent.relative_to(PACKAGE).as_posix() for p in PACKAGE.glob("*/**/__init__.py"))
TREES = {path: ast.parse(path.read_text("utf-8")) for path in FILES}


def room(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


def nodes(kind: type | tuple[type, ...]) -> Iterator[tuple[Path, ast.AST]]:
    for path, tree in TREES.items():
        yield from ((path, node) for node in ast.walk(tree) if isinstance(node, kind))


def label(path: Path, node: ast.AST) -> str:
    name = getattr(node, "name", "")
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)} {name}".strip()


def at_top(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run at import; what stands under TYPE_CHECKING does not."""
    for statement in body:
        if isinstance(statement, (ast.If, ast.Try)):
            if "TYPE_CHECKING" not in ast.dump(getattr(statement, "test", statement)):
                yield from at_top(statement.body)
            yield from at_top(statement.orelse)
        else:
            yield statement


def modules_of(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = node.module or ""
        return [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return []


def code_lines(tree: ast.AST, source: list[str], first: int, last: int) -> int:
    """Lines of a span without blank lines, comments and docstrings."""
    documented: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(getattr(node.value, "value", 0), str):
            documented.update(range(node.lineno, (node.end_lineno or 0) + 1))
    lines = ((i, source[i - 1].strip()) for i in range(first, last + 1))
    return sum(bool(t) and not t.startswith("#") and i not in documented for i, t in lines)


def module_length(path: Path) -> int:
    source = path.read_text("utf-8").splitlines()
    return code_lines(ast.parse("\n".join(source)), source, 1, len(source))


def function_lengths() -> dict[str, int]:
    lengths = {}
    for path, node in nodes((ast.FunctionDef, ast.AsyncFunctionDef)):
        assert isinstance(node, Function)
        source = path.read_text("utf-8").splitlines()
        lengths[label(path, node)] = code_lines(node, source, node.lineno, node.end_lineno or 0)
    return lengths


def parameters(node: Function) -> tuple[list[str], list[str]]:
    """Positional and keyword-only names, without self and cls."""
    positional = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)]
    return [a for a in positional if a not in ("self", "cls")], [
        arg.arg for arg in node.args.kwonlyargs
    ]


def is_command(node: Function) -> bool:
    return any("click" in ast.dump(decorator) for decorator in node.decorator_list)


def foreign(node: Function) -> bool:
    """Whether click asks for the method, and documents what it is given."""
    return any(getattr(arg.annotation, "attr", "") == "Context" for arg in node.args.args)


def public() -> Iterator[tuple[Path, ast.AST]]:
    """Modules, classes, functions and methods whose whole path of names is public."""

    def walk(path: Path, node: ast.AST) -> Iterator[tuple[Path, ast.AST]]:
        yield path, node
        for child in getattr(node, "body", []) if not isinstance(node, Function) else []:
            if isinstance(child, (*Function.__args__, ast.ClassDef)) and child.name[0] != "_":
                yield from walk(path, child)

    for path, tree in TREES.items():
        yield from walk(path, tree)


# --- floors ------------------------------------------------------------------------------------


def test_every_room_has_its_floor() -> None:
    assert {name for name in ROOMS if "/" not in name} == set(FLOORS)


def test_imports_go_down_only() -> None:
    wrong = []
    for path, node in nodes((ast.Import, ast.ImportFrom)):
        assert getattr(node, "level", 0) == 0, f"{label(path, node)}: write the full name"
        here = room(path)
        allowed = {"", here, *FLOORS[here][0].split(", ")} if here else set(FLOORS)
        for module in modules_of(node):  # type: ignore[arg-type]
            other = module.removeprefix("siteselect.").split(".")[0]
            if module.startswith("siteselect.") and other in FLOORS and other not in allowed:
                wrong.append(f"{label(path, node)}: {here} may not import {module}")
    assert not wrong, "\n".join(wrong)


def test_heavy_libraries_stand_inside_functions() -> None:
    wrong = []
    for path, tree in TREES.items():
        libraries = FLOORS[room(path)][1].split(", ") if room(path) else []
        allowed = {"siteselect", *libraries}
        if path in COMPILED:
            allowed.add("numba")
        for node in at_top(tree.body):
            tops = {module.split(".")[0] for module in modules_of(node)}
            heavy = tops - allowed - sys.stdlib_module_names
            wrong += [f"{label(path, node)}: {top} at module top" for top in heavy]
    assert not wrong, "\n".join(wrong)


def test_compiled_kernels_are_imported_on_use() -> None:
    top = [module for tree in TREES.values() for n in at_top(tree.body) for module in modules_of(n)]
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in COMPILED}
    assert names
    assert not names & set(top)


def test_no_import_cycle() -> None:
    names = {".".join(p.relative_to(ROOT).with_suffix("").parts): p for p in FILES}
    graph = {
        name: {m for node in at_top(TREES[path].body) for m in modules_of(node) if m in names}
        for name, path in names.items()
    }
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name not in done:
            for other in graph[name] - {name}:
                visit(other, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_the_front_page_says_the_same() -> None:
    """The table of ARCHITECTURE.md is the table above."""
    page = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)/` \| ([^|]*) \| ([^|]*) \|", page, re.MULTILINE)
    told = {name: (imports.strip(), heavy.strip()) for name, imports, heavy in rows}
    assert told == {name: (a or "-", b or "-") for name, (a, b) in FLOORS.items()}


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_is_few_and_deep(name: str) -> None:
    inside = [
        entry
        for entry in (PACKAGE / name).iterdir()
        if entry.suffix == ".py" or (entry.is_dir() and any(entry.glob("*.py")))
    ]
    files = [entry for entry in inside if entry.name not in ("__init__.py", "__main__.py")]
    assert FEWEST <= len(files) <= MOST, [entry.name for entry in files]


@pytest.mark.parametrize("name", [name for name in ROOMS if name != "cli"])
def test_a_room_says_why_it_exists_and_no_more(name: str) -> None:
    tree = TREES[PACKAGE / name / "__init__.py"]
    assert ast.get_docstring(tree)
    assert len(tree.body) == 1, "a room re-exports nothing"


def test_help_does_not_import_pandas() -> None:
    check = (
        "import sys; from siteselect.cli import main; sys.argv = ['siteselect', '--help']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "heavy = {'pandas', 'numpy', 'geopandas', 'rasterio', 'folium', 'pydantic'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", check], check=True, cwd=ROOT, stdout=subprocess.PIPE)


# --- budgets -----------------------------------------------------------------------------------


def test_functions_are_short() -> None:
    lengths = function_lengths()
    long = [f"{name}: {n}" for name, n in lengths.items() if n > 60]
    assert not long, "\n".join(long)
    ordered = sorted(lengths.values())
    assert statistics.median(ordered) <= 10
    assert ordered[int(0.9 * (len(ordered) - 1))] <= 30


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_modules_are_short(path: Path) -> None:
    assert module_length(path) <= 350


def test_arguments_are_few_and_named() -> None:
    """At most six; in what is public, all after the third by name.

    Commands of click take one argument an option and may pass them on together; kernels that numba
    compiles take plain arrays by position.
    """
    wrong = []
    for path, node in nodes((ast.FunctionDef, ast.AsyncFunctionDef)):
        assert isinstance(node, Function)
        if path in COMPILED or is_command(node):
            continue
        positional, named = parameters(node)
        if node.args.kwarg:
            wrong.append(f"{label(path, node)}: **{node.args.kwarg.arg}")
        if len(positional) + len(named) > 6:
            wrong.append(f"{label(path, node)}: {len(positional) + len(named)} arguments")
        if len(positional) > 3 and node.name[0] != "_":
            wrong.append(f"{label(path, node)}: {len(positional)} by position")
    assert not wrong, "\n".join(wrong)


def test_no_module_holds_state() -> None:
    wrong = [label(path, node) + ": global" for path, node in nodes(ast.Global)]
    for path, tree in TREES.items():
        constants = set()
        for node in at_top(tree.body):
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, CONTAINERS):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                constants |= {t.id for t in targets if isinstance(t, ast.Name)}
        wrong += [
            f"{path.relative_to(ROOT)}: {name} is mutable and not named as a constant"
            for name in constants
            if not name.isupper() and name != "__all__"
        ]
        wrong += [f"{label(path, node)}: {name} is changed" for name, node in changes(tree)
                  if name in constants]  # fmt: skip
    assert not wrong, "\n".join(wrong)


def changes(tree: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Names whose container a statement changes in place."""
    for node in ast.walk(tree):
        stored = isinstance(node, ast.Subscript) and isinstance(node.ctx, (ast.Store, ast.Del))
        called = isinstance(node, ast.Attribute) and node.attr in MUTATORS
        if (stored or called) and isinstance(node.value, ast.Name):
            yield node.value.id, node


def test_inheritance_only_of_errors_and_declarations() -> None:
    bases = {
        node.name: [base.id for base in node.bases if isinstance(base, ast.Name)]
        for _, node in nodes(ast.ClassDef)
        if isinstance(node, ast.ClassDef)
    }

    def root(name: str) -> str:
        ours = [base for base in bases[name] if base in bases]
        return root(ours[0]) if ours else name

    wrong = [f"{n} is a {root(n)}" for n in bases
             if root(n) != n and root(n) not in ("SiteselectError", "Declared")]  # fmt: skip
    assert not wrong, "\n".join(wrong)


def test_folium_is_a_shell_only() -> None:
    wrong = []
    for path, tree in TREES.items():
        if not any(
            m.split(".")[0] in ("folium", "branca")
            for node in ast.walk(tree)
            for m in modules_of(node)  # type: ignore[arg-type]
        ):
            continue
        for node in ast.walk(tree):
            name = getattr(node, "attr", None) or (
                node.name if isinstance(node, ast.alias) else getattr(node, "id", "")
            )
            if FOLIUM_BANNED.search(name):
                wrong.append(f"{label(path, node)}: {name}")
    assert not wrong, "\n".join(wrong)


# --- documents ---------------------------------------------------------------------------------


def test_everything_public_is_documented() -> None:
    bare = [
        label(path, node)
        for path, node in public()
        if not ast.get_docstring(node)  # type: ignore[arg-type]
    ]
    assert not bare, "\n".join(bare)


def test_docstrings_have_their_sections() -> None:
    wrong = []
    for path, node in public():
        if not isinstance(node, Function):
            continue
        text = ast.get_docstring(node) or ""
        names = [name for group in parameters(node) for name in group]
        told = re.search(r"^Parameters\n-{10}$", text, re.MULTILINE)
        shown = ">>> " in text and len(names) < EXAMPLE_ENOUGH
        if len(names) > 1 and not (told or shown or is_command(node) or foreign(node)):
            wrong.append(f"{label(path, node)}: no Parameters, no example")
        if told:
            listed = re.findall(r"^\S.*", text[told.end() :].split("\n\n")[0], re.MULTILINE)
            heads = set(re.findall(r"\w+", " ".join(line.partition(" : ")[0] for line in listed)))
            missing = [name for name in names if name not in heads]
            wrong += [f"{label(path, node)}: parameter {name} is not told" for name in missing]
            gives = ast.unparse(node.returns) if node.returns else "None"
            if gives not in ("None", "Never") and not re.search(
                r"^(Returns|Yields)\n-", text, re.MULTILINE
            ):
                wrong.append(f"{label(path, node)}: no Returns or Yields")
    assert not wrong, "\n".join(wrong)


def test_tests_weigh_nearly_as_much_as_the_code() -> None:
    # The aim is a line of test for each line of code; 0.8 is what must not be lost on the way.
    code = sum(map(module_length, FILES))
    tests = sum(map(module_length, sorted((ROOT / "tests").rglob("*.py"))))
    assert tests >= 0.8 * code, f"{tests} lines of tests for {code} lines of code"
