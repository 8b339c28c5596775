"""Which weights and which balance answer best, on your machine: python3 answers.py [--seeds N] [--families FILE.npz]

Each data set is learned once, in requests of 64 rows, by a running server; its settings are then changed, and the same test rows are
predicted under each. Printed are accuracy / balanced accuracy, means over the seeds (order, split and random map), and the larger of
their two standard errors. Needs numpy; scikit-learn's data sets are used if it is installed. Not part of `Tests/run`: it takes minutes.
"""

import argparse

import numpy
import safetensors.numpy

import running_server

REQUEST = 64
WIDTH = 2048
BALANCES = (0.25, 0.5, 0.75, 1)
SETTINGS = {
    "discriminant": {"kind": "discriminant"},
    "pseudo-features": {"kind": "pseudo_features"},
    "reweight": {"kind": "reweight"},
}


def digits():
    tensors = safetensors.numpy.load_file(running_server.DIGITS)
    return tensors["features"].astype(float) / 16, tensors["labels"].astype(str)


def long_tailed(features, labels, generator):
    """Class c keeps a share of its rows that falls to a hundredth."""
    names = numpy.unique(labels)
    kept = []
    for place, name in enumerate(names):
        rows = generator.permutation(numpy.flatnonzero(labels == name))
        kept.append(rows[: max(5, round(len(rows) * 100 ** (-place / (len(names) - 1))))])
    return generator.permutation(numpy.concatenate(kept))


def split(labels, generator, share=0.3):
    """Training and test rows with the same share of each class."""
    train, test = [], []
    for name in numpy.unique(labels):
        rows = generator.permutation(numpy.flatnonzero(labels == name))
        count = max(1, round(share * len(rows)))
        test.append(rows[:count])
        train.append(rows[count:])
    return generator.permutation(numpy.concatenate(train)), numpy.concatenate(test)


def standardised(features, train):
    mean, deviation = features[train].mean(0), features[train].std(0)
    return (features - mean) / numpy.where(deviation > 0, deviation, 1)


def data_sets(families):
    """Names, and functions of a generator: training features and labels, test features and labels."""

    def plain_digits(generator):
        features, labels = digits()
        train, test = split(labels, generator)
        return features[train], labels[train], features[test], labels[test]

    def tailed_digits(generator):
        features, labels = digits()
        train, test = split(labels, generator)
        train = train[long_tailed(features[train], labels[train], generator)]
        return features[train], labels[train], features[test], labels[test]

    yield "digits", plain_digits
    yield "digits, long-tailed", tailed_digits
    if families:
        arrays = numpy.load(families)

        def texts(generator):
            order = generator.permutation(len(arrays["labels"]))
            return (
                arrays["features"][order].astype(float), arrays["labels"][order],
                arrays["test_features"].astype(float), arrays["test_labels"],
            )

        yield "families of packages", texts
    try:
        import sklearn.datasets
    except ImportError:
        return

    def of_scikit_learn(features, labels):
        def rows(generator):
            train, test = split(labels, generator)
            scaled = standardised(features, train)
            return scaled[train], labels[train], scaled[test], labels[test]

        return rows

    def made(**options):
        features, labels = sklearn.datasets.make_classification(random_state=0, **options)
        return of_scikit_learn(features, labels.astype(str))

    cancer = sklearn.datasets.load_breast_cancer()
    yield "breast cancer", of_scikit_learn(cancer.data, cancer.target.astype(str))
    shares = numpy.array([2.0**-place for place in range(8)])
    yield "made, 8 classes, 128:1", made(
        n_samples=8000, n_features=40, n_informative=15, n_classes=8, n_clusters_per_class=2, weights=list(shares / shares.sum()))
    yield "made, 20 classes, even", made(
        n_samples=8000, n_features=40, n_informative=15, n_classes=20, n_clusters_per_class=1)


def measure(client, name, rows, seed):
    """The accuracy and balanced accuracy under each setting."""
    features, labels, test_features, test_labels = rows
    path = f"/v1/models/{name}"
    client.call(
        "PUT", path,
        {"dimension": features.shape[1], "feature_map": {"kind": "random_relu", "width": WIDTH, "seed": seed}, "sketch_rank": 16})
    for first in range(0, len(features), REQUEST):
        block = slice(first, first + REQUEST)
        client.call("POST", path + "/learn", {"features": features[block].tolist(), "labels": labels[block].tolist()})
    names = numpy.unique(test_labels)

    def predict(query):
        told = []
        for first in range(0, len(test_features), 512):
            answer = client.call("POST", path + "/predict" + query, {"features": test_features[first : first + 512].tolist()})
            told += [prediction["label"] for prediction in answer["predictions"]]
        right = numpy.array(told) == test_labels
        return right.mean(), numpy.mean([right[test_labels == label].mean() for label in names])

    figures = {"plain": predict("?weights=plain&balance=0")}
    for balance in BALANCES:
        figures[f"τ = {balance:g}"] = predict(f"?weights=plain&balance={balance}")
    for title, setting in SETTINGS.items():
        client.call("PATCH", path, {"imbalance": setting})
        client.call("POST", path + "/rebalance")
        figures[title] = predict("?weights=balanced&balance=0")
    client.send("DELETE", path)
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--families", help="an npz file with features, labels, test_features and test_labels")
    arguments = parser.parse_args()
    table = {}
    with running_server.RunningServer() as server, running_server.Client(server) as client:
        for title, rows in data_sets(arguments.families):
            for seed in range(arguments.seeds):
                figures = measure(client, f"m{seed}", rows(numpy.random.default_rng(seed)), seed)
                for setting, pair in figures.items():
                    table.setdefault(title, {}).setdefault(setting, []).append(pair)
    settings = list(next(iter(table.values())))
    print("| data | " + " | ".join(settings) + " |")
    print("|---" * (len(settings) + 1) + "|")
    for title, measured in table.items():
        cells = []
        for setting in settings:
            values = numpy.array(measured[setting])
            error = values.std(0, ddof=1).max() / len(values) ** 0.5 if len(values) > 1 else float("nan")
            cells.append("{:.3f} / {:.3f} ± {:.3f}".format(*values.mean(0), error))
        print(f"| {title} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
