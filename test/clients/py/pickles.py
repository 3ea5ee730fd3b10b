"""Writes pickles of random data by both picklers, spoils some, and says what three readers make of each. Nothing is imported: find_class refuses.

stdin: {"seed": n, "count": n}; stdout: RESULT {"streams": [{"hex", "made": bool, "c": "ok" | error, "python": …, "pickletools": …}]}
"""
import collections
import io
import json
import pickle
import pickletools
import random
import resource
import sys
import _pickle

ALLOWED = {
    ("collections", "OrderedDict"),
    ("builtins", "set"),
    ("builtins", "frozenset"),
    ("builtins", "bytearray"),
    ("builtins", "complex"),
    ("_codecs", "encode"),
}
LETTERS = [65, 97, 10, 13, 0, 26, 92, 39, 34, 0xE9, 0x20AC, 0x1F600]


class Refused(Exception):
    pass


def guarded(base):
    class Reader(base):
        def find_class(self, module, name):
            if (module, name) not in ALLOWED:
                raise Refused(module + "." + name)
            return super().find_class(module, name)

    return Reader


def value(rng, depth=0):
    kind = rng.randrange(13 if depth < 4 else 8)
    if kind == 0:
        return None
    if kind == 1:
        return rng.random() < 0.5
    if kind == 2:
        return rng.choice([0, 1, -1, 255, 256, 65535, 65536, 2**31, -(2**31), 2**63, rng.getrandbits(2000) - 2**1999])
    if kind == 3:
        return rng.choice([0.0, -1.5, 1e300, float("inf"), float("-inf"), float("nan"), rng.random()])
    if kind == 4:
        return "".join(chr(rng.choice(LETTERS)) for _ in range(rng.choice([0, 1, 5, 300])))
    if kind == 5:
        return bytes(rng.randrange(256) for _ in range(rng.choice([0, 1, 5, 300])))
    if kind == 6:
        return bytearray(b"abc")
    if kind == 7:
        return complex(1, 2)
    if kind == 8:
        return [value(rng, depth + 1) for _ in range(rng.choice([0, 1, 3, 5]))]
    if kind == 9:
        return tuple(value(rng, depth + 1) for _ in range(rng.choice([0, 1, 2, 3, 4])))
    if kind == 10:
        return {rng.choice(["a", 1, None, (1, 2), b"x"]): value(rng, depth + 1) for _ in range(3)}
    if kind == 11:
        return rng.choice([set, frozenset])([1, "a", rng.random()])
    return collections.OrderedDict((str(at), value(rng, depth + 1)) for at in range(3))


def pickled(rng):
    protocol = rng.randrange(6)
    if rng.random() < 0.5:
        return pickle.dumps(value(rng), protocol=protocol)
    out = io.BytesIO()
    pickle._Pickler(out, protocol=protocol).dump(value(rng))
    return out.getvalue()


def spoiled(rng, stream):
    changed = bytearray(stream)
    for _ in range(rng.randrange(1, 3)):
        at = rng.randrange(len(changed))
        how = rng.randrange(3)
        if how == 0:
            changed[at] = rng.randrange(256)
        elif how == 1:
            del changed[at]
        else:
            changed.insert(at, rng.randrange(256))
        if not changed:
            break
    return bytes(changed)


def word(read):
    try:
        read()
        return "ok"
    except MemoryError:
        return "MemoryError"
    except Exception as error:
        return type(error).__name__


# One byte of a spoiled stream may ask the reader of C for many gigabytes.
MOST_BYTES = 2 * 1024**3


def main():
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    order = json.load(sys.stdin)
    rng = random.Random(order["seed"])
    c_reader, python_reader = guarded(_pickle.Unpickler), guarded(pickle._Unpickler)
    streams = []
    for at in range(order["count"]):
        made = at % 2 == 0
        stream = pickled(rng)
        if not made:
            stream = spoiled(rng, stream[:2000])
        streams.append(
            {
                "hex": stream.hex(),
                "made": made,
                "c": word(lambda: c_reader(io.BytesIO(stream)).load()),
                "python": word(lambda: python_reader(io.BytesIO(stream)).load()),
                "pickletools": word(lambda: list(pickletools.genops(stream))),
            }
        )
    print("RESULT " + json.dumps({"streams": streams}))


main()
