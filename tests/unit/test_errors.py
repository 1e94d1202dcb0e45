"""The package's exceptions and the tree that `failover.errors` draws of them."""

import importlib
import inspect
import pkgutil
import re

import failover
from failover import errors


def drawn():
    """(class, base) for each line of the tree; indentation gives the depth."""
    above, tree = [], set()
    for branches, name in re.findall(r"^([│├└─ ]*)([A-Z]\w+)(?:  |$)", inspect.getdoc(errors), re.M):
        depth = len(branches) // 4
        above[depth:] = [name]
        if depth:
            tree.add((name, above[depth - 1]))
    return tree


def test_tree():
    """The tree shows every public exception of the package under its base, and no other."""
    for module in pkgutil.walk_packages(failover.__path__, "failover."):
        importlib.import_module(module.name)
    found, kinds = set(), [errors.Failure]
    for kind in kinds:
        kinds += (subclasses := [one for one in kind.__subclasses__() if not one.__name__.startswith("_")])
        found |= {(one.__name__, kind.__name__) for one in subclasses if one.__module__.startswith("failover")}
    assert drawn() == found


def test_no_other_exceptions():
    """The package has no exception outside the tree."""
    kinds = [Exception]
    for kind in kinds:
        kinds += [one for one in kind.__subclasses__() if one is not errors.Failure]
    assert [one for one in kinds if one.__module__.startswith("failover") and not one.__name__.startswith("_")] == []
