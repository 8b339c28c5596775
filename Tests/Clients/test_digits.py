"""A Python program as a client: it streams real data from many connections and checks the result with numpy alone."""

import io
import json
import pathlib
import random
import tempfile
import threading
import unittest

import numpy
import safetensors.numpy
from running_server import DIGITS, Client, Refused, RunningServer
from snapshots import Snapshot, crc32c, joint_solution, relative_difference

CLIENTS = 8
RIDGE = 0.1
TEST_ROWS = 450


class DigitsTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = RunningServer()
        cls.addClassCleanup(cls.server.close)
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.directory = pathlib.Path(directory.name)
        cls.client = Client(cls.server)
        cls.addClassCleanup(cls.client.close)

        data = safetensors.numpy.load_file(DIGITS)
        order = numpy.random.default_rng(2026).permutation(len(data["labels"]))
        cls.rows, cls.labels = data["features"][order], data["labels"][order]
        cls.learned, cls.test = slice(TEST_ROWS, None), slice(None, TEST_ROWS)

        config = {"dimension": 64, "feature_map": {"kind": "random_relu", "width": 512, "seed": 7}, "ridge": RIDGE}
        cls.client.call("PUT", "/v1/models/digits", config)
        cls.answers = cls.stream(list(zip(cls.rows[cls.learned].tolist(), cls.labels[cls.learned].tolist())))
        cls.snapshot = cls.fetch("digits")

    @classmethod
    def stream(cls, samples):
        """Learns all samples in batches of random size over several connections at once."""
        generator = random.Random(2026)
        batches = []
        while samples:
            size = generator.randint(1, 64)
            batches.append(samples[:size])
            samples = samples[size:]
        answers, errors, lock = [], [], threading.Lock()

        def work():
            try:
                with Client(cls.server) as client:
                    while True:
                        with lock:
                            if not batches:
                                return
                            batch = batches.pop()
                        # A label may be a string or an integer.
                        labels = [str(label) if label % 2 else label for _, label in batch]
                        answer = client.call(
                            "POST", "/v1/models/digits/learn", {"features": [row for row, _ in batch], "labels": labels}
                        )
                        with lock:
                            answers.append((len(batch), answer))
            except Exception as error:
                with lock:
                    errors.append(error)

        threads = [threading.Thread(target=work) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        return answers

    @classmethod
    def fetch(cls, model, query=""):
        path = cls.directory / f"{model}{query.replace('?', '-')}.safetensors"
        path.write_bytes(cls.client.send("GET", f"/v1/models/{model}/snapshot{query}"))
        return Snapshot(path)

    def predict(self, model, **options):
        body = {"features": self.rows[self.test].tolist(), **options}
        return self.client.call("POST", f"/v1/models/{model}/predict", body)["predictions"]

    # What was learned

    def test_every_learn_answer_tells_its_own_rows_and_classes(self):
        for rows, answer in self.answers:
            self.assertEqual((answer["model"], answer["rows"]), ("digits", rows))
        new = [label for _, answer in self.answers for label in answer["new_classes"]]
        self.assertEqual(sorted(new), [str(digit) for digit in range(10)])
        last = max((answer for _, answer in self.answers), key=lambda answer: answer["samples"])
        self.assertEqual(last["samples"], len(self.rows) - TEST_ROWS)
        self.assertEqual(last["classes"], 10)

    def test_the_details_agree_with_the_snapshot(self):
        details = self.client.call("GET", "/v1/models/digits")
        self.assertEqual(details["samples"], len(self.rows) - TEST_ROWS)
        self.assertEqual(details["version"], self.snapshot.version)
        self.assertEqual(details["config"], self.snapshot.config)
        self.assertFalse(details["ill_conditioned"])

    def test_the_weights_are_those_of_one_joint_regression_over_all_rows_sent(self):
        snapshot = self.snapshot
        columns = [snapshot.labels.index(str(label)) for label in self.labels[self.learned]]
        expected = joint_solution(snapshot.hidden(self.rows[self.learned]), columns, 10, RIDGE)
        self.assertLessEqual(relative_difference(snapshot.tensors["weight"], expected), 1e-9)

    def test_the_truth_is_the_sum_over_all_rows_sent(self):
        snapshot = self.snapshot
        self.assertEqual(snapshot.format, "accrue/2")
        self.assertEqual(snapshot.samples, len(self.rows) - TEST_ROWS)
        rows = self.rows[self.learned].astype(numpy.float64)
        labels = self.labels[self.learned]
        hidden = snapshot.hidden(rows)
        targets = (labels[:, None] == numpy.array([int(label) for label in snapshot.labels])).astype(numpy.float64)
        self.assertLessEqual(relative_difference(snapshot.gram(), hidden.T @ hidden), 1e-12)
        self.assertLessEqual(relative_difference(snapshot.tensors["cross_moment"], hidden.T @ targets), 1e-12)
        self.assertEqual(snapshot.tensors["class.count"].tolist(), targets.sum(0).astype(int).tolist())
        for column, label in enumerate(snapshot.labels):
            own = rows[labels == int(label)]
            self.assertLessEqual(relative_difference(snapshot.tensors["class.mean"][column], own.mean(0)), 1e-12)
            moment = ((own - own.mean(0)) ** 2).sum(0)
            self.assertLessEqual(relative_difference(snapshot.tensors["class.m2"][column], moment), 1e-11)

    # Predictions

    def assert_predictions_are_those_of(self, snapshot, model):
        """Compares labels on all test rows, and returns the share of right ones."""
        scores = snapshot.scores(self.rows[self.test])
        best = numpy.sort(scores, axis=1)
        # The service scores in Float32: closer than this the order is not its own.
        clear = best[:, -1] - best[:, -2] > 1e-6
        self.assertGreater(clear.sum(), TEST_ROWS * 0.99)
        mine = numpy.array(snapshot.labels)[scores.argmax(1)]
        theirs = numpy.array([prediction["label"] for prediction in self.predict(model)])
        self.assertEqual(mine[clear].tolist(), theirs[clear].tolist())
        return (theirs == self.labels[self.test].astype(str)).mean()

    def test_two_matrix_products_predict_what_the_service_predicts(self):
        self.assertGreater(self.assert_predictions_are_those_of(self.snapshot, "digits"), 0.97)

    def test_two_matrix_products_predict_what_balanced_weights_predict(self):
        for kind in ("pseudo_features", "reweight"):
            model = f"tail-{kind}"
            feature_map = {"kind": "random_relu", "width": 256, "seed": 7}
            config = {"dimension": 64, "feature_map": feature_map, "imbalance": {"kind": kind}}
            self.client.call("PUT", f"/v1/models/{model}", config)
            # A digit d in 2^-d of its rows, and at least in four.
            features, labels = [], []
            for digit in range(10):
                own = self.rows[self.learned][self.labels[self.learned] == digit]
                own = own[: max(4, len(own) >> digit)].tolist()
                features += own
                labels += [str(digit)] * len(own)
            self.client.call("POST", f"/v1/models/{model}/learn", {"features": features, "labels": labels})
            answer = self.client.call("POST", f"/v1/models/{model}/rebalance")
            self.assertEqual(answer["balanced_version"], answer["version"])
            balanced = self.fetch(model)
            self.assertIn("weight.balanced", balanced.tensors)
            self.assertGreater(relative_difference(balanced.tensors["weight.balanced"], balanced.tensors["weight"]), 0.01)
            self.assert_predictions_are_those_of(balanced, model)

    def test_the_maps_of_a_snapshot_predict_what_the_service_predicts(self):
        maps = [
            {"activation": "gelu", "width": 256, "seed": 7, "scale": 2}, {"activation": "cos", "width": 400, "seed": 7, "scale": "auto"},
            {"activation": "relu", "width": 256, "distribution": "normal", "include_input": True},
        ]
        for number, feature_map in enumerate(maps):
            model = f"map-{number}"
            self.client.call("PUT", f"/v1/models/{model}", {"dimension": 64, "feature_map": {"kind": "random"} | feature_map})
            features, labels = self.rows[self.learned].tolist(), [str(label) for label in self.labels[self.learned]]
            self.client.call("POST", f"/v1/models/{model}/learn", {"features": features, "labels": labels})
            snapshot = self.fetch(model)
            self.assertGreater(snapshot.config["feature_map"]["scale"], 0)
            self.assertGreater(self.assert_predictions_are_those_of(snapshot, model), 0.95)

    def test_top_lists_every_class_by_descending_score(self):
        scores = self.snapshot.scores(self.rows[self.test])
        for row, prediction in enumerate(self.predict("digits", top=10)):
            top = prediction["top"]
            self.assertEqual({entry["label"] for entry in top}, set(self.snapshot.labels))
            self.assertEqual((top[0]["label"], top[0]["score"]), (prediction["label"], prediction["score"]))
            listed = [entry["score"] for entry in top]
            self.assertEqual(listed, sorted(listed, reverse=True))
            expected = [scores[row][self.snapshot.labels.index(entry["label"])] for entry in top]
            numpy.testing.assert_allclose(listed, expected, atol=1e-4)

    # Probabilities and leverage

    @staticmethod
    def expected_calibration_error(probability, right):
        bins = numpy.minimum((probability * 15).astype(int), 14)
        return sum(abs((probability - right)[bins == b].sum()) for b in range(15)) / len(right)

    def test_probabilities_are_the_softmax_over_the_temperature_and_mean_what_they_say(self):
        body = {"features": self.rows[self.test].tolist(), "top": 10}
        answer = self.client.call("POST", "/v1/models/digits/predict?probability=true", body)
        temperature = answer["calibration"]["temperature"]
        self.assertEqual(temperature, float(self.snapshot.metadata["temperature"]))
        scores = self.snapshot.scores(self.rows[self.test])

        def softmax(values):
            powers = numpy.exp(values - values.max(1, keepdims=True))
            return powers / powers.sum(1, keepdims=True)

        probabilities = softmax(scores / temperature)
        for row, prediction in enumerate(answer["predictions"]):
            columns = [self.snapshot.labels.index(entry["label"]) for entry in prediction["top"]]
            listed = [entry["probability"] for entry in prediction["top"]]
            numpy.testing.assert_allclose(listed, probabilities[row, columns], atol=1e-4)
            self.assertEqual(prediction["probability"], listed[0])
        right = numpy.array(self.snapshot.labels)[scores.argmax(1)] == self.labels[self.test].astype(str)
        self.assertLess(self.expected_calibration_error(probabilities.max(1), right), 0.05)
        self.assertGreater(self.expected_calibration_error(softmax(scores).max(1), right), 0.05)
        details = self.client.call("GET", "/v1/models/digits")["calibration"]
        self.assertEqual(details["temperature"], temperature)
        self.assertLess(details["expected_calibration_error"], 0.05)
        self.assertGreater(details["expected_calibration_error_raw"], 0.05)

    def test_leverage_is_that_of_the_gram_matrix(self):
        body = {"features": self.rows[self.test].tolist()}
        answer = self.client.call("POST", "/v1/models/digits/predict?leverage=true", body)
        hidden = self.snapshot.hidden(self.rows[self.test])
        square = self.snapshot.gram() + RIDGE * numpy.eye(hidden.shape[1])
        expected = (hidden * numpy.linalg.solve(square, hidden.T).T).sum(1)
        numpy.testing.assert_allclose([row["leverage"] for row in answer["predictions"]], expected, rtol=1e-6)
        self.assertEqual([row["label"] for row in answer["predictions"]], [row["label"] for row in self.predict("digits")])

    def test_novelty_is_the_relative_mahalanobis_distance(self):
        body = {"features": self.rows[self.test].tolist()}
        answer = self.client.call("POST", "/v1/models/digits/predict?novelty=true", body)
        hidden = self.snapshot.hidden(self.rows[self.test])
        gram, moment = self.snapshot.gram(), self.snapshot.tensors["cross_moment"]
        count = self.snapshot.tensors["class.count"]
        means, ridge = moment / count, RIDGE * numpy.eye(len(gram))
        mean = moment.sum(1) / count.sum()

        def distance(centre, scatter):
            difference = hidden - centre
            return (difference * numpy.linalg.solve(scatter + ridge, difference.T).T).sum(1)

        within = gram - (means * count) @ means.T
        nearest = numpy.min([distance(centre, within) for centre in means.T], 0)
        expected = nearest - distance(mean, gram - count.sum() * numpy.outer(mean, mean))
        numpy.testing.assert_allclose(
            [row["novelty"] for row in answer["predictions"]], expected, atol=1e-4 * numpy.abs(expected).max()
        )

    # Formats of rows

    def test_files_that_numpy_and_safetensors_write_teach_and_ask_the_same_as_json(self):
        rows, labels = self.rows[:200], self.labels[:200].astype(str)
        npz, npy = io.BytesIO(), io.BytesIO()
        numpy.savez(npz, features=rows, labels=labels)
        numpy.save(npy, rows)
        numbers = {"features": rows, "labels": self.labels[:200]}
        lines = [json.dumps({"features": row, "label": label}) for row, label in zip(rows.tolist(), labels.tolist())]
        bodies = {
            "application/json": json.dumps({"features": rows.tolist(), "labels": labels.tolist()}).encode(),
            "application/x-ndjson": "\n".join(lines).encode(),
            "application/x-npz": npz.getvalue(),
            "application/vnd.safetensors": safetensors.numpy.save(numbers),
        }
        asked = {
            "application/json": json.dumps({"features": rows.tolist()}).encode(),
            "application/x-npy": npy.getvalue(),
        }
        expected = None
        for number, (content_type, body) in enumerate(bodies.items()):
            path = f"/v1/models/format-{number}"
            self.client.call("PUT", path, {"dimension": 64})
            answer = json.loads(self.client.send("POST", f"{path}/learn", body, content_type))
            self.assertEqual((answer["rows"], answer["classes"]), (200, 10), content_type)
            for asked_type, question in asked.items():
                answer = json.loads(self.client.send("POST", f"{path}/predict", question, asked_type))
                expected = expected or answer["predictions"]
                self.assertEqual(answer["predictions"], expected, f"{content_type}, asked as {asked_type}")
            answer = json.loads(self.client.send("POST", f"{path}/unlearn", body, content_type))
            self.assertEqual((answer["rows"], answer["samples"]), (200, 0), content_type)

    # Snapshots

    def test_the_checksums_are_those_of_the_bytes(self):
        self.assertEqual(crc32c(b"123456789"), 0xE3069283)
        stored, computed = self.snapshot.stored_and_computed_checksums()
        self.assertEqual(stored, computed)

    def test_a_snapshot_of_the_weights_holds_what_prediction_needs(self):
        weights = self.fetch("digits", "?parts=weights")
        self.assertEqual(set(weights.tensors), {"weight", "feature_map.projection", "crc32c"})
        for name in ("weight", "feature_map.projection"):
            self.assertEqual(weights.tensors[name].tobytes(), self.snapshot.tensors[name].tobytes())
        stored, computed = weights.stored_and_computed_checksums()
        self.assertEqual(stored, computed)

    def test_a_restored_model_predicts_the_same_bit_for_bit(self):
        self.client.send("PUT", "/v1/models/restored/snapshot", self.snapshot.path.read_bytes())
        # JSON carries the shortest digits that give the same Float back, so equal numbers are equal bits.
        self.assertEqual(self.predict("restored", top=10), self.predict("digits", top=10))
        restored = self.fetch("restored")
        for name, tensor in self.snapshot.tensors.items():
            if name != "crc32c":
                self.assertEqual(restored.tensors[name].tobytes(), tensor.tobytes(), name)

    def test_a_restored_model_goes_on_learning_exactly(self):
        self.client.send("PUT", "/v1/models/continued/snapshot", self.snapshot.path.read_bytes())
        body = {"features": self.rows[self.test].tolist(), "labels": [str(label) for label in self.labels[self.test]]}
        self.client.call("POST", "/v1/models/continued/learn", body)
        continued = self.fetch("continued")
        columns = [continued.labels.index(str(label)) for label in self.labels]
        expected = joint_solution(continued.hidden(self.rows), columns, 10, RIDGE)
        self.assertLessEqual(relative_difference(continued.tensors["weight"], expected), 1e-9)

    def test_a_flipped_byte_is_refused_and_changes_nothing(self):
        self.client.send("PUT", "/v1/models/kept/snapshot", self.snapshot.path.read_bytes())
        before = self.client.call("GET", "/v1/models/kept")
        content = bytearray(self.snapshot.path.read_bytes())
        content[len(content) // 2] ^= 1
        with self.assertRaises(Refused) as refusal:
            self.client.send("PUT", "/v1/models/kept/snapshot", bytes(content))
        self.assertEqual(refusal.exception.status, 400)
        self.assertEqual(self.client.call("GET", "/v1/models/kept"), before)


class TokenTests(unittest.TestCase):
    def test_calls_need_the_token_that_the_readme_says(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("read  3kX8vT2mQ9rL5wZ7yB1nC4dF6gH0jKpS\nwrite a7Jq0sVf9Lw2Xe5Rt8Yu1Io4Pz3Mn6Bc\n")
            file.flush()
            with RunningServer("--token-file", file.name) as server:
                path = "/v1/models/m"
                for token, call, status in [
                    (None, ("GET", "/healthz"), 200),
                    (None, ("GET", "/readyz"), 200),
                    (None, ("GET", "/v1/models"), 401),
                    ("wrong", ("GET", "/v1/models"), 401),
                    ("3kX8vT2mQ9rL5wZ7yB1nC4dF6gH0jKpS", ("PUT", path, b'{"dimension": 1}'), 403),
                    ("a7Jq0sVf9Lw2Xe5Rt8Yu1Io4Pz3Mn6Bc", ("PUT", path, b'{"dimension": 1}'), 201),
                    ("a7Jq0sVf9Lw2Xe5Rt8Yu1Io4Pz3Mn6Bc", ("POST", f"{path}/learn", b'{"features":[[1]],"labels":["a"]}'), 200),
                    ("3kX8vT2mQ9rL5wZ7yB1nC4dF6gH0jKpS", ("POST", f"{path}/predict", b'{"features":[[1]]}'), 200),
                    ("3kX8vT2mQ9rL5wZ7yB1nC4dF6gH0jKpS", ("GET", f"{path}/snapshot"), 200),
                    ("3kX8vT2mQ9rL5wZ7yB1nC4dF6gH0jKpS", ("POST", f"{path}/unlearn", b'{"features":[[1]],"labels":["a"]}'), 403),
                ]:
                    with Client(server) as client:
                        headers = {"Authorization": f"Bearer {token}"} if token else {}
                        client.connection.request(*call, headers=headers)
                        answer = client.connection.getresponse()
                        answer.read()
                        self.assertEqual(answer.status, status, f"{call[:2]} with {token}")


class StoppingTests(unittest.TestCase):
    def test_sigterm_ends_the_service_with_status_0(self):
        with RunningServer() as server, Client(server) as client:
            client.call("PUT", "/v1/models/m", {"dimension": 2})
            client.call("POST", "/v1/models/m/learn", {"features": [[0, 1]], "labels": ["a"]})
            # The connection is still open: an idle one must not hold the service up.
            self.assertEqual(server.stop(), 0)

    def test_sigterm_right_after_the_first_line_ends_it_with_status_0_too(self):
        # Whoever reads the line may stop the service before it has come to wait for that.
        self.assertEqual({RunningServer().stop() for _ in range(20)}, {0})


if __name__ == "__main__":
    unittest.main()
