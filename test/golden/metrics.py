"""Keras's metrics after three batches, without and with sample weights, in float64."""
import torch
from keras64 import array, camel, camel_keys, float64, formula, keras, np, numpy

BATCHES = 3


def real(batch):
    return formula((5, 3), -2, 2, batch), formula((5, 3), -2, 2, 10 + batch)


def positive(batch):
    return formula((5, 3), 0.1, 3, batch), formula((5, 3), 0.1, 3, 10 + batch)


def grid(batch):
    return formula((2, 3, 4), -2, 2, batch), formula((2, 3, 4), -2, 2, 10 + batch)


def binary(batch):
    """Outputs that lean towards their targets."""
    y_true = (formula((7, 1), 0, 1, batch) > 0.5).astype(np.float64)
    return y_true, (0.6 * formula((7, 1), 0.02, 0.98, 10 + batch) + 0.4 * y_true).astype(np.float32).astype(np.float64)


def multi(batch):
    y_true = (formula((5, 3), 0, 1, batch) > 0.5).astype(np.float64)
    return y_true, formula((5, 3), 0.02, 0.98, 10 + batch)


def signs(batch):
    return 2 * multi(batch)[0] - 1, formula((5, 3), -2, 2, 10 + batch)


def labels(batch):
    return np.floor(formula((6,), 0, 7, batch)), formula((6, 7), 0.02, 0.98, 10 + batch)


def one_hot(batch):
    numbers, scores = labels(batch)
    return np.eye(7)[numbers.astype(int)], scores


def shares(batch):
    return formula((5, 3), 0, 1, batch), formula((5, 3), 0.02, 0.98, 10 + batch)


def classes(batch):
    return np.floor(formula((8,), 0, 4, batch)), np.floor(formula((8,), 0, 4, 10 + batch))


def values(batch):
    return formula((4, 3), -2, 2, batch), None


CASES = [
    ("Accuracy", {}, binary),
    ("BinaryAccuracy", {}, binary),
    ("BinaryAccuracy", {"threshold": 0.3}, multi),
    ("CategoricalAccuracy", {}, one_hot),
    ("SparseCategoricalAccuracy", {}, labels),
    ("TopKCategoricalAccuracy", {"k": 3}, one_hot),
    ("SparseTopKCategoricalAccuracy", {}, labels),
    ("MeanSquaredError", {}, real),
    ("MeanSquaredError", {}, grid),
    ("RootMeanSquaredError", {}, real),
    ("MeanAbsoluteError", {}, real),
    ("MeanAbsolutePercentageError", {}, real),
    ("MeanSquaredLogarithmicError", {}, positive),
    ("LogCoshError", {}, real),
    ("KLDivergence", {}, shares),
    ("Poisson", {}, positive),
    ("CosineSimilarity", {}, real),
    ("Hinge", {}, signs),
    ("SquaredHinge", {}, signs),
    ("CategoricalHinge", {}, one_hot),
    ("BinaryCrossentropy", {"label_smoothing": 0.1}, multi),
    ("CategoricalCrossentropy", {}, one_hot),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, labels),
    ("TruePositives", {}, multi),
    ("FalsePositives", {"thresholds": [0.2, 0.7]}, multi),
    ("TrueNegatives", {}, binary),
    ("FalseNegatives", {"thresholds": 0.4}, binary),
    ("Precision", {}, binary),
    ("Precision", {"top_k": 2}, one_hot),
    ("Precision", {"thresholds": [0.2, 0.7], "class_id": 1}, multi),
    ("Recall", {}, multi),
    ("Recall", {"top_k": 3, "class_id": 2}, one_hot),
    ("AUC", {}, binary),
    ("AUC", {"num_thresholds": 9, "summation_method": "minoring"}, multi),
    ("AUC", {"curve": "PR"}, multi),
    ("AUC", {"curve": "PR", "summation_method": "majoring", "thresholds": [0.2, 0.55, 0.7]}, binary),
    ("SensitivityAtSpecificity", {"specificity": 0.4}, multi),
    ("SpecificityAtSensitivity", {"sensitivity": 0.5, "num_thresholds": 20}, binary),
    ("PrecisionAtRecall", {"recall": 0.6}, multi),
    ("RecallAtPrecision", {"precision": 0.6}, binary),
    ("F1Score", {}, one_hot),
    ("F1Score", {"average": "macro", "threshold": 0.4}, multi),
    ("FBetaScore", {"beta": 2.0, "average": "micro"}, one_hot),
    ("FBetaScore", {"beta": 0.5, "average": "weighted", "threshold": 0.5}, multi),
    ("MeanIoU", {"num_classes": 4}, classes),
    ("MeanIoU", {"num_classes": 7, "sparse_y_true": True, "sparse_y_pred": False, "ignore_class": 2}, labels),
    ("IoU", {"num_classes": 4, "target_class_ids": [0, 3]}, classes),
    ("BinaryIoU", {"threshold": 0.6}, binary),
    ("OneHotIoU", {"num_classes": 7, "target_class_ids": [1, 4, 5]}, one_hot),
    ("OneHotMeanIoU", {"num_classes": 7}, one_hot),
    ("PearsonCorrelation", {}, real),
    ("ConcordanceCorrelation", {"axis": -1}, real),
    ("R2Score", {}, real),
    ("R2Score", {"class_aggregation": "variance_weighted_average", "num_regressors": 2}, real),
    ("R2Score", {"class_aggregation": None}, real),
    ("Mean", {}, values),
    ("Sum", {}, values),
]
NAMES = {"AUC": "auc", "IoU": "iou", "FBetaScore": "fBetaScore", "MeanIoU": "meanIoU", "BinaryIoU": "binaryIoU", "OneHotIoU": "oneHotIoU", "OneHotMeanIoU": "oneHotMeanIoU"}


def result(name, options, data, weighted):
    make = getattr(keras.metrics, name)
    if name == "Accuracy":  # What compile makes of 'accuracy' here.
        make = keras.metrics.BinaryAccuracy
    metric = make(**options, dtype="float64")
    # Keras's way with even thresholds is only for float32 on torch; that with any thresholds gives the same.
    metric._thresholds_distributed_evenly = False
    for batch in range(BATCHES):
        given = [torch.tensor(x) for x in data(batch) if x is not None]
        weights = formula(given[0].shape[:1], 0, 2, 20 + batch)
        if name == "BinaryIoU":
            weights = weights.reshape(-1, 1)
        metric.update_state(*given, sample_weight=torch.tensor(weights) if weighted else None)
    return array(numpy(metric.result()))


def answer(name, options, data):
    batches = [data(batch) for batch in range(BATCHES)]
    return {
        "metric": NAMES.get(name, camel(name)),
        "config": camel_keys(
            {key: camel(value) if key == "class_aggregation" and value else value for key, value in options.items()}
        ),
        # These compute their result in float32 whatever they are told.
        "float32": "IoU" in name,
        "yTrue": [array(y_true) for y_true, _ in batches],
        "yPred": [array(y_pred) for _, y_pred in batches if y_pred is not None],
        "result": result(name, options, data, False),
        "weighted": result(name, options, data, True),
    }


def answer_metrics():
    with float64():
        return [answer(*case) for case in CASES]
