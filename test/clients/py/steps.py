"""Runs calls of a client library and tells what came of them.

Reads {"module": ..., "steps": [{"call": "pkg.function", "args": [], "kwargs": {}, "want": "tree|file|scan|text"}]} from standard input and
prints one JSON line: for each step its value or its error's classes, and every warning or log record of level WARNING meanwhile.
"""

import hashlib
import importlib
import json
import logging
import os
import sys
import warnings


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def tree(folder):
    """Digests by path of all files that a loader would see; what tools note for themselves does not count."""
    found = {}
    for parent, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if name not in (".cache", ".huggingface")]
        for name in names:
            path = os.path.join(parent, name)
            relative = os.path.relpath(path, folder).replace(os.sep, "/")
            if relative not in (".msc", ".mdl", ".mv"):
                found[relative] = sha256(path)
    return found


def scan(info):
    return {
        "warnings": [str(warning) for warning in info.warnings],
        "repositories": {
            repo.repo_id: {
                "type": repo.repo_type,
                "files": sorted({file.file_name for rev in repo.revisions for file in rev.files}),
                "refs": sorted(repo.refs),
            }
            for repo in info.repos
        },
    }


CONVERSIONS = {
    "tree": tree,
    "file": sha256,
    "scan": scan,
    "text": lambda value: value if isinstance(value, str) else repr(value),
    "names": lambda value: sorted(getattr(item, "path", None) or getattr(item, "rfilename", None) or str(item) for item in value),
}


def resolve(name):
    """`package.module.function`, or `package.module.Class().method`."""
    parts = name.split(".")
    for end in range(len(parts) - 1, 0, -1):
        try:
            target = importlib.import_module(".".join(parts[:end]))
            break
        except ModuleNotFoundError:
            continue
    for part in parts[end:]:
        target = getattr(target, part[:-2])() if part.endswith("()") else getattr(target, part)
    return target


class Recorder(logging.Handler):
    def __init__(self):
        super().__init__(logging.WARNING)
        self.seen = []

    def emit(self, record):
        self.seen.append(f"{record.name}: {record.getMessage()}")


def run(step, recorder):
    recorder.seen = []
    result = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            value = resolve(step["call"])(*step.get("args", []), **step.get("kwargs", {}))
            result["value"] = CONVERSIONS[step.get("want", "text")](value)
        except Exception as error:  # noqa: BLE001 - the class is the result
            result["error"] = [kind.__name__ for kind in type(error).__mro__]
            result["message"] = str(error)[:500]
    result["warnings"] = [str(warning.message) for warning in caught if warning.category is not ResourceWarning] + recorder.seen
    return result


def main():
    spec = json.load(sys.stdin)
    module = importlib.import_module(spec["module"])
    for step in spec["steps"]:
        resolve(step["call"])
    recorder = Recorder()
    logging.getLogger().addHandler(recorder)
    for name in (spec["module"], "modelscope", "modelscope_hub"):
        logging.getLogger(name).addHandler(recorder)
        logging.getLogger(name).propagate = False
    results = [run(step, recorder) for step in spec["steps"]]
    print("RESULT " + json.dumps({"version": module.__version__, "results": results}))


main()
