"""Embeds sentences with transformers the way the model's card says (mean pooling, unit length); no network, no torch.

Reads {"model": id or folder, "sentences": [...]} from standard input, prints one JSON line.
"""

import json
import os
import sys

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import numpy as np
import transformers
from transformers import AutoTokenizer, FlaxAutoModel

spec = json.load(sys.stdin)
tokenizer = AutoTokenizer.from_pretrained(spec["model"])
model = FlaxAutoModel.from_pretrained(spec["model"])
batch = tokenizer(spec["sentences"], padding=True, return_tensors="np")
states = np.asarray(model(**batch).last_hidden_state)
mask = batch["attention_mask"][..., None]
pooled = (states * mask).sum(1) / mask.sum(1)
unit = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
print("RESULT " + json.dumps({"version": transformers.__version__, "embeddings": unit.tolist()}))
