"""Finds the one object that each module of a plug-in package declares."""

import importlib
import pkgutil
from types import ModuleType
from typing import TypeVar

Declared = TypeVar("Declared")


def discover(package: ModuleType, attribute: str, kind: type[Declared]) -> dict[str, Declared]:
    """Import every module of `package` and return its `attribute`, by module name, sorted.

    Raises:
        TypeError: a module does not declare `attribute` as an instance of `kind`.
    """
    found: dict[str, Declared] = {}
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        declared = getattr(
            importlib.import_module(f"{package.__name__}.{module.name}"), attribute, None
        )
        if not isinstance(declared, kind):
            raise TypeError(
                f"{package.__name__}.{module.name} must declare {attribute} = {kind.__name__}(...)"
            )
        found[module.name] = declared
    return found
