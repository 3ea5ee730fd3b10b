"""What picklescan, fickling and modelscan hold for dangerous: the names on their lists, and, with checkouts of their repositories, the cases of their own tests.

stdin: {"corpora": folder | null, "folder": scratch}; stdout: RESULT {"names": [[tool, module, name, isDangerous]], "cases": [{"tool", "name", "path" | "hex", "isBad"}]}
Nothing is unpickled. Tests of theirs that do so run with `os.system` and its kin replaced.
"""

import importlib
import io
import json
import os
import pathlib
import pickle
import sys
import types
import unittest

spec = json.load(sys.stdin)
OUT, sys.stdout = sys.stdout, sys.stderr


def listed():
    import fickling.fickle as fickle
    from fickling.analysis import UnsafeImportsML
    from fickling.ml import ML_ALLOWLIST
    from modelscan.settings import DEFAULT_SETTINGS
    from picklescan import scanner

    def each(tool, table, dangerous):
        for module, names in table.items():
            for name in ["anything"] if names == "*" or "*" in names else names:
                yield [tool, module, name, dangerous]

    yield from each("picklescan", scanner._unsafe_globals, True)
    yield from each("picklescan", scanner._safe_globals, False)
    for table in DEFAULT_SETTINGS["unsafe_globals"].values():
        yield from each("modelscan", table, True)
    yield from each("fickling", dict.fromkeys(UnsafeImportsML.UNSAFE_MODULES, "*"), True)
    yield from each("fickling", dict.fromkeys(fickle.UNSAFE_IMPORTS, "*"), True)
    yield from each("fickling", UnsafeImportsML.UNSAFE_IMPORTS, True)
    yield from each("fickling", {module: names for module, names in ML_ALLOWLIST.items()}, False)


def picklescan_cases(root):
    from picklescan.scanner import scan_file_path

    for folder in ("data", "data2"):
        for path in sorted((root / "tests" / folder).iterdir()):
            result = scan_file_path(str(path))
            yield {"tool": "picklescan", "name": f"{folder}/{path.name}", "path": str(path), "isBad": result.infected_files > 0}


def fickling_cases(root):
    """Runs its tests and listens: every stream that they judge, with what they say of it."""
    sys.path.insert(0, str(root))
    for name in [each for each in sys.modules if each.split(".")[0] == "fickling"]:
        del sys.modules[name]
    import fickling.analysis as analysis
    import fickling.fickle as fickle
    import fickling.loader as loader

    found, raw, current = [], {}, [""]
    judge, load = analysis.check_safety, fickle.Pickled.load

    def listening_load(pickled, *args, **kwargs):
        data = pickled if isinstance(pickled, (bytes, bytearray)) else None
        if data is None and hasattr(pickled, "seek"):
            at = pickled.tell()
            data = pickled.read()
            pickled.seek(at)
        result = load(pickled, *args, **kwargs)
        if data is not None:
            raw[id(result)] = (bytes(data), result)
        return result

    def listening_judge(pickled, *args, **kwargs):
        result = judge(pickled, *args, **kwargs)
        try:
            data = pickled.dumps()
        except NotImplementedError:
            return result
        # What it writes has its frames mended.
        if id(pickled) in raw and len(raw[id(pickled)][0]) == len(data):
            data = raw[id(pickled)][0]
        is_bad = result.severity != analysis.Severity.LIKELY_SAFE
        found.append({"tool": "fickling", "name": current[0], "hex": data.hex(), "isBad": is_bad})
        return result

    analysis.check_safety = loader.check_safety = listening_judge
    fickle.Pickled.load = staticmethod(listening_load)

    class Result(unittest.TestResult):
        def startTest(self, test):
            current[0] = test.id().split(".")[-1]
            super().startTest(test)

    for path in sorted((root / "test").glob("test_*.py")):
        try:
            module = importlib.import_module(f"test.{path.stem}")
        except ImportError:
            continue  # wants PyTorch
        unittest.defaultTestLoader.loadTestsFromModule(module).run(Result())
    return found


class Named(types.ModuleType):
    """A module that is not installed, with whatever is asked of it: pickles name its contents, nothing else does."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        made = type(name, (), {"__module__": self.__name__})
        setattr(self, name, made)
        return made


def stand_ins():
    class PyTest(types.ModuleType):
        @staticmethod
        def fixture(*_args, **_kwargs):
            return lambda function: function

        mark = types.SimpleNamespace(parametrize=fixture)

    for name in ("tensorflow", "tf_keras", "torch", "requests", "requests.api", "aiohttp", "aiohttp.client", "test_utils"):
        sys.modules[name] = Named(name)
    sys.modules["pytest"] = PyTest("pytest")
    sys.modules["dill"] = types.SimpleNamespace(dump=pickle.dump)
    sys.modules["requests"].get = sys.modules["requests.api"].get
    sys.modules["aiohttp"].ClientSession = sys.modules["aiohttp.client"].ClientSession


def modelscan_cases(root, scratch):
    from modelscan.modelscan import ModelScan

    stand_ins()
    sys.path.insert(0, str(root / "tests"))
    tests = importlib.import_module("test_modelscan")

    class Folders:
        def mktemp(self, name):
            path = pathlib.Path(scratch, name)
            path.mkdir()
            return path

    folders = [tests.zip_file_path(Folders()), tests.file_path(Folders()), root / "tests" / "data"]
    for folder in folders:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            scan = ModelScan()
            scan.scan(path)
            yield {"tool": "modelscan", "name": path.name, "path": str(path), "isBad": len(scan.issues.all_issues) > 0}


def cases():
    if spec["corpora"] is None:
        return
    for root in sorted(pathlib.Path(spec["corpora"]).iterdir()):
        if (root / "tests" / "init_data_files.py").exists():
            yield from picklescan_cases(root)
        elif (root / "tests" / "test_modelscan.py").exists():
            yield from modelscan_cases(root, spec["folder"])
        elif (root / "test" / "test_bypasses.py").exists():
            yield from fickling_cases(root)


def system(*_):
    return 0


# By reference, as the real one is pickled.
system.__module__ = "os"
os.system = system
os.chdir(spec["folder"])
names = sorted(map(list, {tuple(each) for each in listed()}))
print("RESULT " + json.dumps({"names": names, "cases": list(cases())}), file=OUT)
