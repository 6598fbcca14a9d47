"""Compares reports on standard input with scikit-learn and statsmodels."""

import json
import sys

import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_fscore_support
from statsmodels.stats.contingency_tables import mcnemar

for number, x in enumerate(json.load(sys.stdin)):

    def same(name, got, want):
        if not np.allclose(got, want, rtol=0, atol=1e-9):
            sys.exit(f"report {number}: {name} is {got}, want {want}")

    want, first, second = (np.array(x[key]) for key in ("Want", "First", "Second"))
    probability = np.array(x["Probability"])
    right, other = want == first, want == second
    precision, recall, f1, _ = precision_recall_fscore_support(
        want, first, labels=x["Labels"], zero_division=0
    )
    same("precision", x["Precision"], precision)
    same("recall", x["Recall"], recall)
    same("F1", x["F1"], f1)

    accuracy, mean = calibration_curve(right, probability, n_bins=10, strategy="uniform")
    bins = np.searchsorted(np.linspace(0, 1, 11)[1:-1], probability)
    cases = np.unique(bins, return_counts=True)[1]
    same("ECE", x["ECE"], np.sum(cases * np.abs(accuracy - mean)) / len(want))

    table = [[np.sum(right & other), np.sum(right & ~other)], [np.sum(~right & other), np.sum(~right & ~other)]]
    same("McNemar's p", x["P"], mcnemar(table, exact=True).pvalue)
