"""Make ../corpus: small denoisers in the forms in which people have them.

    python3 corpus.py [NAME...]

Every network is built with random weights at small widths, exported, and stripped as strip.py
says. What form a file has is a row of `corpus_forms.FORMS`. PyTorch 1 and 2 write different
graphs, so a row names the one it needs, and a run makes the rows of the PyTorch that runs it.
Rows that are made from another file by onnxruntime's own tools follow that file. With PyTorch 2
the packages onnxscript and onnxruntime are needed too.

Beside each file a row of `corpus.json` says where it came from and what is in it.
"""

import argparse
import json
import tempfile
import traceback
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import onnx
import torch

import layer_norm_export
import strip
from corpus_exporters import export
from corpus_forms import FORMS
from corpus_networks import NETWORKS
from corpus_rewriters import REWRITERS

OUTPUT = Path(__file__).resolve().parent.parent / "corpus"
MANIFEST = OUTPUT / "corpus.json"
TORCH = int(torch.__version__.split(".")[0])


def versions():
    names = {"PyTorch": torch.__version__.split("+")[0], "onnx": onnx.__version__}
    if TORCH > 1:
        import onnxruntime
        import onnxscript

        names.update(onnxscript=onnxscript.__version__, onnxruntime=onnxruntime.__version__)
    return names


def entry(form, model, weights_size):
    """What corpus.json says of a file."""
    network = NETWORKS[form.network]
    row = {"network": form.network, "made": form.made, "by": versions()}
    row["opset"] = {imported.domain: imported.version for imported in model.opset_import}
    row["holds"] = network.holds
    # for a pair of images
    row["inputs"] = {
        name: list(make(2).shape) for name, make in form.inputs(network).items()
    }
    if weights_size:
        row["weights"] = {"file": form.location, "bytes": weights_size}
    return row


def drop_stack_traces(model):
    """They are most of a dynamo export's bytes, and tell paths of the machine that made it."""
    for item in (*model.graph.node, *model.graph.value_info):
        kept = [(p.key, p.value) for p in getattr(item, "metadata_props", ())]
        if not kept:
            continue
        del item.metadata_props[:]
        for key, value in kept:
            if not key.endswith("stack_trace"):
                item.metadata_props.add(key=key, value=value)


def make(name, form, folder):
    """One file of the corpus; its row in corpus.json."""
    torch.manual_seed(0)
    path = folder / f"{name}.onnx"
    if form.rewriter:
        REWRITERS[form.rewriter](folder / f"{form.source}.onnx", path, form)
    else:
        export(form, path)
    model = onnx.load(str(path))
    for key, value in form.metadata.items():
        model.metadata_props.add(key=key, value=value)
    drop_stack_traces(model)
    # what is made from this file needs its weights
    onnx.save(model, str(path))
    weights_size = 0 if form.inline else strip.strip(model, form.location)
    OUTPUT.mkdir(exist_ok=True)
    target = OUTPUT / f"{name}.onnx"
    onnx.save(model, str(target))
    print(f"{name}: {len(model.graph.node):,} nodes, {target.stat().st_size:,} bytes", flush=True)
    return entry(form, model, weights_size)


def attempt(name, folder):
    """The row of a file, or what went wrong."""
    torch.set_num_threads(1)
    if TORCH == 1:
        layer_norm_export.register()
    try:
        return name, make(name, FORMS[name], Path(folder)), None
    except Exception:
        return name, None, traceback.format_exc()[-1500:]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(FORMS))
    parser.add_argument("--jobs", type=int, default=1, help="files made at a time")
    options = parser.parse_args()
    chosen = [
        name
        for name, form in FORMS.items()
        if form.torch == TORCH and (not options.names or name in options.names)
    ]
    rows = json.loads(MANIFEST.read_text()) if MANIFEST.exists() else {}
    failed = []
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(options.jobs) as pool:
        # exports first, since the rest is made from them
        for is_rewritten in (False, True):
            names = [name for name in chosen if bool(FORMS[name].rewriter) == is_rewritten]
            for name, row, error in pool.map(attempt, names, [folder] * len(names)):
                if error:
                    failed.append(name)
                    print(f"{name}: {error}", flush=True)
                else:
                    rows[name] = row
    ordered = {name: rows[name] for name in FORMS if name in rows}
    MANIFEST.write_text(json.dumps(ordered, indent=1) + "\n")
    if failed:
        raise SystemExit(f"not made: {', '.join(failed)}")


if __name__ == "__main__":
    main()
