#!/usr/bin/env python3
"""Runs lm-evaluation-harness on a server, for part 9: pip install lm-eval[api]==0.4.13

    python3 parity.py vllm http://127.0.0.1:8000/v1 MODEL TOKENIZER       # log-likelihoods of the labels of reviews
    python3 parity.py llamacpp http://127.0.0.1:8080/v1 any TOKENIZER     # generated capitals: llama.cpp scores no prompt

TOKENIZER is a folder with the model's tokenizer. It writes ../exchanges/lmeval-NAME.json, which the study compares with the
library's own figures.
"""
import csv, json, os, sys, tempfile, time
import lm_eval
from lm_eval.tasks import TaskManager

CASES, SHOTS = 40, (0, 4)
name, url, model, tokenizer = sys.argv[1:]
here = os.path.dirname(os.path.abspath(__file__))
if name == "vllm":
    file, question, between, choices = "reviews.tsv", "Review: {{ask}}", "\nSentiment:", ["negative", "positive"]
else:
    file, question, between, choices = "capitals.tsv", "Country: {{ask}}", "\nCapital:", None
rows = list(csv.reader(open(os.path.join(here, file)), delimiter="\t", quoting=csv.QUOTE_NONE))[1:]


def task(folder, shots):
    config = {
        "task": f"parity_{shots}", "dataset_path": "json",
        "dataset_kwargs": {"data_files": {split: os.path.join(folder, split + ".jsonl") for split in ("train", "test")}},
        "fewshot_split": "train", "test_split": "test", "num_fewshot": shots, "fewshot_config": {"sampler": "first_n"},
        "doc_to_text": question + between, "doc_to_target": "{{answer}}", "target_delimiter": " ", "fewshot_delimiter": "\n\n",
    }
    if choices:
        return config | {"output_type": "multiple_choice", "doc_to_choice": choices}
    return config | {
        "output_type": "generate_until", "generation_kwargs": {"until": ["\n\n", "\nCountry:"], "max_gen_toks": 12, "temperature": 0, "do_sample": False},
        "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
    }


with tempfile.TemporaryDirectory() as folder:
    for split, part in ("train", rows[: max(SHOTS)]), ("test", rows[max(SHOTS) : max(SHOTS) + CASES]):
        with open(os.path.join(folder, split + ".jsonl"), "w") as f:
            f.writelines(json.dumps({"ask": a, "answer": b}) + "\n" for a, b in part)
    kept = {"harness": f"lm-evaluation-harness {lm_eval.__version__ if hasattr(lm_eval, '__version__') else '0.4.13'}", "runs": []}
    for shots in SHOTS:
        began = time.time()
        result = lm_eval.simple_evaluate(
            model="local-completions",
            model_args={"base_url": url + "/completions", "model": model, "tokenizer": tokenizer, "num_concurrent": 1, "max_retries": 2, "tokenized_requests": False},
            tasks=[task(folder, shots)], task_manager=TaskManager(include_defaults=False), log_samples=True, bootstrap_iters=0,
        )
        samples = sorted(next(iter(result["samples"].values())), key=lambda s: s["doc_id"])
        metrics = next(iter(result["results"].values()))
        kept["runs"].append({
            "shots": shots, "seconds": round(time.time() - began, 1), "accuracy": metrics.get("acc,none", metrics.get("exact_match,none")),
            "cases": [{
                "prompt": s["arguments"][0][0],
                "logprobs": [float(r[0][0]) for r in s["resps"]] if choices else None,
                "text": None if choices else s["resps"][0][0],
            } for s in samples],
        })
with open(os.path.join(here, "..", "exchanges", f"lmeval-{name}.json"), "w") as f:
    json.dump(kept, f, indent="\t")
    f.write("\n")
