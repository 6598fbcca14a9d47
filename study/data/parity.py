#!/usr/bin/env python3
"""Scores the labels of reviews with lm-evaluation-harness on a vLLM server, for part 9 of the study.

    pip install 'lm-eval[api]==0.4.13'
    python3 parity.py http://127.0.0.1:8000/v1 MODEL TOKENIZER

TOKENIZER is a folder with the model's tokenizer. The result is ../exchanges/lmeval.json, with which the study compares the
library's own figures.
"""
import csv, json, os, sys, tempfile, time

from lm_eval import simple_evaluate
from lm_eval.api.registry import get_model
from lm_eval.tasks import TaskManager

CASES, SHOTS, LABELS = 40, (0, 4), ["negative", "positive"]
url, model, tokenizer = sys.argv[1:]
here = os.path.dirname(os.path.abspath(__file__))
rows = list(csv.reader(open(os.path.join(here, "reviews.tsv")), delimiter="\t", quoting=csv.QUOTE_NONE))[1:]


def task(folder, shots):
    return {
        "task": f"parity_{shots}", "dataset_path": "json", "output_type": "multiple_choice",
        "dataset_kwargs": {"data_files": {split: os.path.join(folder, split + ".jsonl") for split in ("train", "test")}},
        "fewshot_split": "train", "test_split": "test", "num_fewshot": shots, "fewshot_config": {"sampler": "first_n"},
        "doc_to_text": "Review: {{ask}}\nSentiment:", "doc_to_target": "{{answer}}", "doc_to_choice": LABELS,
        "target_delimiter": " ", "fewshot_delimiter": "\n\n",
    }


lm = get_model("local-completions").create_from_arg_obj({
    "base_url": url + "/completions", "model": model, "tokenizer": tokenizer, "num_concurrent": 1, "max_retries": 2, "tokenized_requests": False,
})
score, send, spent = lm.loglikelihood, lm.model_call, {}


def timed(*args, **kwargs):
    """Scores, and notes the time that it takes."""
    spent["requests"], began = 0, time.time()
    scores = score(*args, **kwargs)
    spent["seconds"] = round(time.time() - began, 1)
    return scores


def counted(*args, **kwargs):
    """Sends a request and counts it."""
    spent["requests"] += 1
    return send(*args, **kwargs)


lm.loglikelihood, lm.model_call = timed, counted
kept = {"harness": "lm-evaluation-harness 0.4.13", "runs": []}
with tempfile.TemporaryDirectory() as folder:
    for split, part in ("train", rows[: max(SHOTS)]), ("test", rows[max(SHOTS) : max(SHOTS) + CASES]):
        with open(os.path.join(folder, split + ".jsonl"), "w") as f:
            f.writelines(json.dumps({"ask": a, "answer": b}) + "\n" for a, b in part)
    for shots in SHOTS:
        result = simple_evaluate(model=lm, tasks=[task(folder, shots)], task_manager=TaskManager(include_defaults=False), log_samples=True, bootstrap_iters=0)
        samples = sorted(next(iter(result["samples"].values())), key=lambda s: s["doc_id"])
        kept["runs"].append(spent | {
            "shots": shots, "accuracy": next(iter(result["results"].values()))["acc,none"],
            "cases": [{"prompt": s["arguments"][0][0], "logprobs": [float(r[0][0]) for r in s["resps"]]} for s in samples],
        })
with open(os.path.join(here, "..", "exchanges", "lmeval.json"), "w") as f:
    json.dump(kept, f, indent="\t")
    f.write("\n")
