"""How soon is a class that arrives late predicted? python3 late_class.py DATA.npz [WIDTH [MAPS]]

DATA has `features`, `labels`, `test_features` and `test_labels`. A class of 100 to 700 rows is left out, the rest is learned, then some
of its rows, with as many random maps. Printed for plain weights and for the discriminant, after 1, 3, 5, 10, 20 and 50 rows, as means over six such classes: the
late class's recall, the accuracy on all test rows (weighted to the stream's class shares), and the share of other rows taken for it.
"""

import io
import json
import sys

import numpy
from running_server import Client, RunningServer

ROWS = (1, 3, 5, 10, 20, 50)


def npz(**arrays):
    buffer = io.BytesIO()
    numpy.savez(buffer, **arrays)
    return buffer.getvalue()


def main(path, width, maps):
    data = numpy.load(path)
    names, classes = numpy.unique(data["labels"], return_inverse=True)
    features, count = data["features"].astype(numpy.float32), len(names)
    test, expected = data["test_features"].astype(numpy.float32), numpy.searchsorted(names, data["test_labels"])
    sizes = numpy.bincount(classes, minlength=count)
    share = (sizes / numpy.maximum(numpy.bincount(expected, minlength=count), 1))[expected]
    share /= share.sum()
    late = [c for c in numpy.argsort(-sizes) if 100 < sizes[c] < 700][:16:3]
    figures = {weights: numpy.zeros((len(ROWS), 3)) for weights in ("plain", "balanced")}
    with RunningServer() as server, Client(server) as client:
        for seed, label in ((seed, label) for seed in range(5, 5 + maps) for label in late):
            rest = classes != label
            rows = numpy.random.default_rng(label).permutation(numpy.flatnonzero(~rest))
            model = f"/v1/models/late-{label}"
            feature_map = {"kind": "random_relu", "width": width, "seed": seed} if width else {"kind": "identity"}
            imbalance = {"kind": "discriminant"}
            config = {"dimension": features.shape[1], "feature_map": feature_map, "ridge": 0.1, "imbalance": imbalance}
            client.call("PUT", model, config)
            learn(client, model, features[rest], classes[rest])
            learned = 0
            for step, some in enumerate(ROWS):
                learn(client, model, features[rows[learned:some]], classes[rows[learned:some]])
                learned = some
                client.call("POST", model + "/rebalance")
                for weights, table in figures.items():
                    body = npz(features=test)
                    answer = client.send("POST", f"{model}/predict?weights={weights}", body, "application/x-npz")
                    table[step] += measure(answer, weights, expected, share, label)
            client.send("DELETE", model)
    for weights, table in figures.items():
        for name, column in zip(("recall", "accuracy", "taken falsely"), (table / len(late) / maps).T):
            print(f"{weights:9s}{name:14s}" + "  ".join(f"{value:.3f}" for value in column))


def learn(client, model, features, labels):
    client.send("POST", model + "/learn", npz(features=features, labels=labels.astype(numpy.int64)), "application/x-npz")


def measure(answer, weights, expected, share, label):
    answer = json.loads(answer)
    if answer["weights"] != weights:
        raise AssertionError(f"asked for {weights}, answered by {answer['weights']}")
    chosen = numpy.array([int(prediction["label"]) for prediction in answer["predictions"]])
    own = expected == label
    return (chosen[own] == label).mean(), ((chosen == expected) * share).sum(), (chosen[~own] == label).mean()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0, int(sys.argv[3]) if len(sys.argv) > 3 else 1)
