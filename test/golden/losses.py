"""Values and gradients of Keras's losses in float64."""
import torch
from keras64 import array, camel, camel_keys, float64, formula, keras, np, numpy


def real(shape):
    return formula(shape, -2, 2, 1), formula(shape, -2, 2, 2)


def positive(shape):
    return formula(shape, 0.1, 3, 1), formula(shape, 0.1, 3, 2)


def shares(shape):
    """Soft targets, and probabilities that are not on the bounds."""
    return formula(shape, 0, 1, 1), formula(shape, 0.02, 0.98, 2)


def binary(shape):
    return (formula(shape, 0, 1, 1) > 0.5).astype(np.float64), formula(shape, 0.02, 0.98, 2)


def binary_logits(shape):
    return binary(shape)[0], formula(shape, -6, 6, 3)


def signs(shape):
    return 2 * binary(shape)[0] - 1, formula(shape, -2, 2, 2)


def bits(shape):
    return binary(shape)[0], formula(shape, -2, 2, 2)


def labels(shape):
    return np.floor(formula(shape[:-1], 0, shape[-1], 5)), formula(shape, 0.02, 0.98, 2)


def one_hot(shape):
    numbers, scores = labels(shape)
    return np.eye(shape[-1])[numbers.astype(int)], scores


def labels_logits(shape):
    return labels(shape)[0], formula(shape, -6, 6, 3)


def one_hot_logits(shape):
    return one_hot(shape)[0], formula(shape, -6, 6, 3)


def embeddings(shape):
    vectors = formula(shape, -1, 1, 2)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.floor(formula(shape[:1], 0, 3, 5)), (vectors / lengths).astype(np.float32).astype(np.float64)


CASES = [
    *[
        (name, {}, data, shape)
        for name, data in [
            ("MeanSquaredError", real),
            ("MeanAbsoluteError", real),
            ("MeanAbsolutePercentageError", real),
            ("MeanSquaredLogarithmicError", positive),
            ("Huber", real),
            ("LogCosh", real),
            ("Poisson", positive),
            ("KLDivergence", shares),
            ("CosineSimilarity", real),
            ("Hinge", signs),
            ("SquaredHinge", signs),
            ("CategoricalHinge", one_hot),
            ("Dice", shares),
            ("Tversky", shares),
            ("BinaryCrossentropy", binary),
            ("BinaryFocalCrossentropy", binary),
            ("CategoricalCrossentropy", one_hot),
            ("CategoricalFocalCrossentropy", one_hot),
            ("SparseCategoricalCrossentropy", labels),
        ]
        for shape in [(5, 3), (2, 3, 4)]
    ],
    ("MeanSquaredError", {"reduction": "sum"}, real, (7, 1)),
    ("MeanSquaredError", {"reduction": "mean_with_sample_weight"}, real, (5, 3)),
    ("Huber", {"delta": 0.4}, real, (5, 3)),
    ("CosineSimilarity", {"axis": 1}, real, (2, 3, 4)),
    ("Hinge", {}, bits, (5, 3)),
    ("SquaredHinge", {}, bits, (5, 3)),
    ("Dice", {"axis": (1, 2)}, shares, (2, 3, 4)),
    ("Tversky", {"alpha": 0.3, "beta": 0.7, "axis": 1}, shares, (5, 3)),
    ("BinaryCrossentropy", {"from_logits": True}, binary_logits, (5, 3)),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.2}, binary_logits, (7, 1)),
    ("BinaryCrossentropy", {"label_smoothing": 0.2, "axis": 1}, shares, (2, 3, 4)),
    ("BinaryFocalCrossentropy", {"from_logits": True, "gamma": 1.5}, binary_logits, (5, 3)),
    (
        "BinaryFocalCrossentropy",
        {"apply_class_balancing": True, "alpha": 0.4, "label_smoothing": 0.1},
        binary,
        (5, 3),
    ),
    ("CategoricalCrossentropy", {"from_logits": True}, one_hot_logits, (5, 3)),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, one_hot_logits, (2, 3, 4)),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1, "axis": 1}, shares, (2, 3, 4)),
    ("CategoricalFocalCrossentropy", {"from_logits": True, "alpha": 0.4, "gamma": 3.0}, one_hot_logits, (5, 3)),
    ("CategoricalFocalCrossentropy", {"alpha": [0.125, 0.25, 0.625], "label_smoothing": 0.1}, one_hot, (5, 3)),
    ("CategoricalGeneralizedCrossEntropy", {}, labels, (5, 3)),
    ("CategoricalGeneralizedCrossEntropy", {"q": 0.2}, labels, (7, 2)),
    ("Circle", {}, embeddings, (7, 3)),
    ("Circle", {"gamma": 3.0, "margin": 0.25, "remove_diagonal": False}, embeddings, (6, 4)),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, labels_logits, (5, 3)),
    ("SparseCategoricalCrossentropy", {"ignore_class": 1}, labels, (2, 3, 4)),
    ("SparseCategoricalCrossentropy", {"from_logits": True, "ignore_class": 0}, labels_logits, (9, 3)),
]


def answer(name, options, data, shape):
    make = getattr(keras.losses, name)
    y_true, y_pred = data(shape)
    targets, output = torch.tensor(y_true), torch.tensor(y_pred, requires_grad=True)
    values = make(**{**options, "reduction": "none"})(targets, output.detach())
    weights = formula(tuple(values.shape), 0, 2, 7)
    loss = make(**options)(targets, output, sample_weight=torch.tensor(weights))
    loss.backward()
    assert values.dtype == loss.dtype == torch.float64, name
    return {
        "loss": camel(name),
        "config": camel_keys(
            {key: camel(value) if key == "reduction" else value for key, value in options.items()}
        ),
        "yTrue": array(y_true),
        "yPred": array(y_pred),
        "sampleWeight": array(weights),
        "values": array(numpy(values)),
        "weighted": loss.item(),
        "gradient": array(numpy(output.grad)),
    }


def answer_losses():
    with float64():
        return [answer(*case) for case in CASES]
