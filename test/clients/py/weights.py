"""Writes weights in every form that the libraries here know, and says what each is. Nothing is read back."""
import collections, io, json, os, sys, tarfile, warnings

spec = json.load(sys.stdin)
folder = spec["folder"]
os.chdir(folder)
warnings.simplefilter("ignore")
import joblib, numpy, safetensors, safetensors.numpy, safetensors.torch, torch

files = []


def write(name, form, how, verdict="CLEAN"):
    how(name)
    files.append({"name": name, "form": form, "verdict": verdict})


class Evil:
    def __reduce__(self):
        return (os.system, ("true",))


def state():
    torch.manual_seed(1)
    dtypes = "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 bool complex64 complex128".split()
    dtypes += [name for name in ("float8_e4m3fn", "float8_e5m2", "uint16", "uint32", "uint64") if hasattr(torch, name)]
    tensors = collections.OrderedDict((name, torch.ones(3, 5).to(getattr(torch, name))) for name in dtypes)
    base = torch.arange(24.0)
    tensors.update(view=base[3:9], transposed=base.reshape(4, 6).t(), whole=base, empty=torch.zeros(0, 3))
    tensors.update(scalar=torch.tensor(1.5), parameter=torch.nn.Parameter(torch.ones(2)))
    return tensors


def legacy(value, name):
    torch.save(value, name, _use_new_zipfile_serialization=False)


def training(model):
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(1, 8)).sum().backward()
    optimizer.step()
    return {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3, "loss": 0.5, "name": "run ö"}


model = torch.nn.Sequential(torch.nn.Linear(8, 4), torch.nn.BatchNorm1d(4).eval(), torch.nn.Linear(4, 2))
for save, form in ((lambda value, name: torch.save(value, name), "zip"), (legacy, "legacy")):
    write(f"state-{form}.pt", f"torch.save of a state, {form}", lambda name: save(state(), name))
    write(f"training-{form}.ckpt", f"torch.save of model and optimizer, {form}", lambda name: save(training(model), name))
    write(f"tensor-{form}.bin", f"torch.save of one tensor, {form}", lambda name: save(torch.ones(1000, 100), name))
    write(f"module-{form}.pt", f"torch.save of a whole module, {form}", lambda name: save(model, name), "REVIEW" if form == "zip" else "ERROR")
    write(f"evil-{form}.pt", f"torch.save of something that runs, {form}", lambda name: save({"a": torch.ones(2), "b": Evil()}, name), "FINDINGS")
write("script.pt", "torch.jit.save", lambda name: torch.jit.script(torch.nn.Linear(2, 2)).save(name), "FINDINGS")

arrays = {"f4": numpy.ones((3, 4), "f4"), "i8": numpy.arange(5), "text": numpy.array(["a", "bcd"]), "none": numpy.zeros((0, 2))}
arrays["records"] = numpy.zeros(2, dtype=[("x", "<f4"), ("y", "<i2", (2,))])
arrays["fortran"] = numpy.asfortranarray(numpy.ones((3, 2), "f8"))
arrays["time"] = numpy.zeros(2, "datetime64[ns]")
for key, array in arrays.items():
    write(f"{key}.npy", "numpy.save", lambda name: numpy.save(name, array))
write("arrays.npz", "numpy.savez", lambda name: numpy.savez(name, **arrays))
write("packed.npz", "numpy.savez_compressed", lambda name: numpy.savez_compressed(name, **arrays))
write("objects.npy", "numpy.save of objects", lambda name: numpy.save(name, numpy.array([1, "a", None], dtype=object)))
write("evil.npy", "numpy.save of something that runs", lambda name: numpy.save(name, numpy.array([Evil()], dtype=object)), "FINDINGS")

numbers = {"weights": numpy.ones((100, 3)), "bias": numpy.arange(3.0), "steps": 3, "names": ["a", "b"]}
write("plain.joblib", "joblib.dump", lambda name: joblib.dump(numbers, name))
for level, form in ((("zlib", 3), "zlib"), (("gzip", 3), "gzip")):
    write(f"{form}.joblib", f"joblib.dump, {form}", lambda name: joblib.dump(numbers, name, compress=level))
for form in ("bz2", "lzma", "xz"):
    write(f"{form}.joblib", f"joblib.dump, {form}", lambda name: joblib.dump(numbers, name, compress=(form, 3)), "NOT_SCANNED")
write("mixed.joblib", "joblib.dump of objects and numbers", lambda name: joblib.dump([numpy.array([1, "a"], dtype=object), numpy.ones(3)], name))
write("evil.joblib", "joblib.dump of something that runs behind numbers", lambda name: joblib.dump([numpy.ones(300), Evil()], name), "FINDINGS")

plain = {name: tensor.detach().contiguous().clone() for name, tensor in state().items() if tensor.dtype != torch.complex128 and not name.startswith("uint") and not name.startswith("complex")}
write("model.safetensors", "safetensors.torch.save_file", lambda name: safetensors.torch.save_file(plain, name, metadata={"format": "pt"}))
write("numpy.safetensors", "safetensors.numpy.save_file", lambda name: safetensors.numpy.save_file({"a": arrays["f4"], "b": arrays["i8"]}, name))


def nemo(name, mode, form):
    with tarfile.open(name, mode, format=form) as archive:
        for inner in ("state-zip.pt", "model.safetensors"):
            archive.add(inner, arcname=f"./{inner}")


for form, kind in ((tarfile.GNU_FORMAT, "gnu"), (tarfile.PAX_FORMAT, "pax"), (tarfile.USTAR_FORMAT, "ustar")):
    write(f"model-{kind}.nemo", f"tar of {kind}, as NeMo", lambda name: nemo(name, "w", form))
write("model-gzip.nemo", "tar.gz, as NeMo", lambda name: nemo(name, "w:gz", tarfile.PAX_FORMAT))

versions = {library.__name__: library.__version__ for library in (torch, numpy, joblib, safetensors)}
print("RESULT " + json.dumps({"files": files, "versions": versions}))
