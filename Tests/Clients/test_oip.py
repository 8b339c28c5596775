"""The Open Inference Protocol, spoken by Triton's and KServe's own clients as they come from the package index.

They need many packages: `Tests/run` installs them in an environment of their own, and runs this file there.
"""

import asyncio
import gzip
import http.client
import json
import re
import subprocess
import sys
import unittest
import zlib

import numpy
from pages import blocks, manual_page
from running_server import DIGITS, PATIENCE, Client, RunningServer

try:
    import kserve
    import safetensors.numpy
    import tritonclient.http as triton
    from tritonclient.utils import InferenceServerException, triton_to_np_dtype
except ImportError as error:
    raise unittest.SkipTest(f"not in this environment: {error}") from error

MODEL = "digits"
TEST_ROWS = 450
LABELS = [f"digit {number}" for number in range(10)]
DATATYPES = ["FP32", "FP64", "FP16", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64"]


class DigitsServer(unittest.TestCase):
    """A server that has learned the training digits, in pixels of 0 to 16, which every datatype holds exactly."""

    @classmethod
    def setUpClass(cls):
        digits = safetensors.numpy.load_file(DIGITS)
        pixels = numpy.rint(digits["features"].astype(numpy.float64) * 16)
        cls.train, cls.test = pixels[:-TEST_ROWS], pixels[-TEST_ROWS:]
        train_labels = digits["labels"][:-TEST_ROWS]
        cls.server = RunningServer()
        cls.addClassCleanup(cls.server.close)
        cls.client = Client(cls.server)
        cls.addClassCleanup(cls.client.close)
        path = f"/v1/models/{MODEL}"
        cls.client.call("PUT", path, {"dimension": 64, "ridge": 1.0})
        for start in range(0, len(cls.train), 200):
            rows = slice(start, start + 200)
            labels = [LABELS[number] for number in train_labels[rows]]
            cls.client.call("POST", path + "/learn", {"features": cls.train[rows].tolist(), "labels": labels})
        answer = cls.client.call("POST", path + "/predict?probability=true", {"features": cls.test.tolist(), "top": 10})
        cls.predictions = answer["predictions"]
        cls.order = [entry["label"] for entry in cls.client.call("GET", path + "/classes")["classes"]]
        cls.version = str(answer["version"])
        cls.labels = [prediction["label"] for prediction in cls.predictions]
        by_label = [{entry["label"]: entry for entry in prediction["top"]} for prediction in cls.predictions]
        cls.scores = numpy.array([[row[label]["score"] for label in cls.order] for row in by_label])
        cls.probabilities = numpy.array([[row[label]["probability"] for label in cls.order] for row in by_label])


class TritonTests(DigitsServer):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.triton = triton.InferenceServerClient(cls.server.address, network_timeout=PATIENCE, connection_timeout=PATIENCE)
        cls.addClassCleanup(cls.triton.close)

    def tensor(self, rows, datatype="FP32", binary=True):
        tensor = triton.InferInput("features", list(rows.shape), datatype)
        tensor.set_data_from_numpy(rows.astype(triton_to_np_dtype(datatype)), binary_data=binary)
        return tensor

    def texts(self, array):
        return [entry.decode() if isinstance(entry, bytes) else entry for entry in array.reshape(-1)]

    def test_health_metadata_and_configuration(self):
        self.assertTrue(self.triton.is_server_live())
        self.assertTrue(self.triton.is_server_ready())
        self.assertTrue(self.triton.is_model_ready(MODEL))
        self.assertTrue(self.triton.is_model_ready(MODEL, self.version))
        self.assertFalse(self.triton.is_model_ready(MODEL, "0"))
        self.assertFalse(self.triton.is_model_ready("none"))
        server = self.triton.get_server_metadata()
        self.assertEqual(server["name"], "accrue")
        self.assertIn("binary_tensor_data", server["extensions"])
        metadata = self.triton.get_model_metadata(MODEL)
        self.assertEqual(metadata["versions"], [self.version])
        self.assertEqual(metadata["inputs"], [{"name": "features", "datatype": "FP32", "shape": [-1, 64]}])
        self.assertEqual([output["name"] for output in metadata["outputs"]], ["label", "score", "probability", "novelty"])
        self.assertEqual(json.loads(metadata["outputs"][1]["parameters"]["labels"]), self.order)
        self.assertEqual(self.triton.get_model_metadata(MODEL, self.version), metadata)
        self.assertEqual(self.triton.get_model_config(MODEL)["input"][0]["dims"], [-1, 64])

    def test_every_test_row_is_labelled_as_by_predict(self):
        result = self.triton.infer(MODEL, [self.tensor(self.test)])
        self.assertEqual(self.texts(result.as_numpy("label")), self.labels)
        scores = result.as_numpy("score")
        self.assertEqual((scores.shape, scores.dtype), ((len(self.test), 10), numpy.float32))
        self.assertEqual([self.order[column] for column in scores.argmax(axis=1)], self.labels)
        numpy.testing.assert_allclose(scores, self.scores, atol=1e-5)
        numpy.testing.assert_allclose(result.as_numpy("probability"), self.probabilities, atol=1e-5)

    def test_every_datatype_binary_and_as_json(self):
        rows = self.test[:50]
        for datatype in DATATYPES:
            for binary in (True, False):
                with self.subTest(datatype, binary=binary):
                    if datatype == "FP16" and not binary:
                        # It has no form in JSON.
                        with self.assertRaisesRegex(InferenceServerException, "FP16.*binary"):
                            self.triton.infer(MODEL, [self.tensor(rows, datatype, binary)])
                        continue
                    result = self.triton.infer(MODEL, [self.tensor(rows, datatype, binary)])
                    self.assertEqual(self.texts(result.as_numpy("label")), self.labels[:50])

    def test_bf16(self):
        # Triton's client knows no NumPy type for it.
        raw = (self.test[:20].astype(numpy.float32).view(numpy.uint32) >> 16).astype("<u2").tobytes()
        header = json.dumps(
            {"inputs": [{"name": "features", "datatype": "BF16", "shape": [20, 64], "parameters": {"binary_data_size": len(raw)}}]}
        ).encode()
        self.assertEqual(self.post(header + raw, {"Inference-Header-Content-Length": str(len(header))}), self.labels[:20])

    def post(self, body, headers):
        """Sends what no client makes; the labels of an answer in JSON."""
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=PATIENCE)
        self.addCleanup(connection.close)
        connection.request("POST", f"/v2/models/{MODEL}/infer", body, headers)
        answer = connection.getresponse()
        content = answer.read()
        self.assertEqual(answer.status, 200, content[:300])
        return json.loads(content)["outputs"][0]["data"]

    def test_raw_tensor_without_json(self):
        body = self.test[:30].astype("<f4").tobytes()
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=PATIENCE)
        self.addCleanup(connection.close)
        headers = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": "0"}
        connection.request("POST", f"/v2/models/{MODEL}/infer", body, headers)
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200)
        length = int(answer.getheader("Inference-Header-Content-Length"))
        result = triton.InferResult.from_response_body(answer.read(), header_length=length)
        self.assertEqual(self.texts(result.as_numpy("label")), self.labels[:30])

    def test_gzip_and_deflate(self):
        for algorithm in ("gzip", "deflate"):
            for count in (1, 7, len(self.test)):
                for binary in (True, False):
                    with self.subTest(algorithm, count=count, binary=binary):
                        result = self.triton.infer(
                            MODEL,
                            [self.tensor(self.test[:count], binary=binary)],
                            request_compression_algorithm=algorithm,
                            response_compression_algorithm=algorithm,
                        )
                        self.assertEqual(self.texts(result.as_numpy("label")), self.labels[:count])

    def test_bombs_are_refused(self):
        zeros = b" " * (65 << 20)
        for coding, body in (("gzip", gzip.compress(zeros)), ("deflate", zlib.compress(zeros))):
            connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=PATIENCE)
            self.addCleanup(connection.close)
            connection.request("POST", f"/v2/models/{MODEL}/infer", body, {"Content-Encoding": coding})
            answer = connection.getresponse()
            self.assertEqual(answer.status, 413)
            self.assertIn("67108864", json.loads(answer.read())["error"])

    def test_classification(self):
        for binary in (True, False):
            for name, values in (("score", self.scores), ("probability", self.probabilities)):
                output = triton.InferRequestedOutput(name, binary_data=binary, class_count=3)
                result = self.triton.infer(MODEL, [self.tensor(self.test[:20])], outputs=[output])
                entries = result.as_numpy(name)
                self.assertEqual(entries.shape, (20, 3))
                self.assertIsNone(result.get_output("label"))
                for row, entry in enumerate(self.texts(entries[:, 0])):
                    value, index, label = entry.split(":", 2)
                    self.assertEqual((label, self.order[int(index)]), (self.labels[row], self.labels[row]))
                    self.assertAlmostEqual(float(value), values[row].max(), places=4)

    def test_outputs_ids_and_parameters(self):
        outputs = [triton.InferRequestedOutput("label", binary_data=False), triton.InferRequestedOutput("score")]
        result = self.triton.infer(
            MODEL, [self.tensor(self.test[:3])], self.version, outputs, request_id="ü 1", priority=1, timeout=1000,
            parameters={"weights": "plain"}, sequence_id=3, sequence_start=True,
        )
        self.assertEqual(result.get_response()["id"], "ü 1")
        self.assertEqual(list(result.as_numpy("label")), self.labels[:3])
        self.assertEqual([output["name"] for output in result.get_response()["outputs"]], ["label", "score"])
        concurrent = self.triton.async_infer(MODEL, [self.tensor(self.test[:2])]).get_result()
        self.assertEqual(self.texts(concurrent.as_numpy("label")), self.labels[:2])

    def test_errors_name_the_tensor(self):
        wrong = triton.InferInput("image", [1, 64], "FP32")
        wrong.set_data_from_numpy(self.test[:1].astype(numpy.float32))
        nan = self.test[:2].copy()
        nan[1, 3] = numpy.nan
        text = triton.InferInput("features", [1, 64], "BYTES")
        text.set_data_from_numpy(numpy.array([["x"] * 64], object))
        good = self.tensor(self.test[:1])
        cases = [
            ([wrong], None, "400", 'no input "image", expected "features"'),
            ([self.tensor(self.test[:1, :63])], None, "400", r"\[1, ?63\], expected \[rows, 64\]"),
            ([self.tensor(nan)], None, "400", r"features\[1\]\[3\] is nan"),
            ([text], None, "400", "BYTES, expected FP32"),
            ([good, good], None, "400", "twice"),
            ([good], [triton.InferRequestedOutput("logits")], "400", 'no output "logits", expected "label" or "score"'),
            ([good], [triton.InferRequestedOutput("label", class_count=2)], "400", "classification"),
        ]
        for inputs, outputs, status, message in cases:
            with self.subTest(message), self.assertRaisesRegex(InferenceServerException, message) as raised:
                self.triton.infer(MODEL, inputs, outputs=outputs)
            self.assertEqual(raised.exception.status(), status)
        for call, status in [
            (lambda: self.triton.infer("none", [good]), "404"),
            (lambda: self.triton.infer(MODEL, [good], "0"), "404"),
            (lambda: self.triton.get_model_metadata("none"), "404"),
            (lambda: self.triton.get_trace_settings(), "404"),
            (lambda: self.triton.get_system_shared_memory_status(), "404"),
        ]:
            with self.assertRaises(InferenceServerException) as raised:
                call()
            self.assertEqual(raised.exception.status(), status)

    def test_repository(self):
        # The server closes a connection that was idle for long.
        client = self.enterContext(Client(self.server))
        client.call("PUT", "/v1/models/empty", {"dimension": 3})
        index = {entry["name"]: entry for entry in self.triton.get_model_repository_index()}
        self.assertEqual(index[MODEL], {"name": MODEL, "version": self.version, "state": "READY", "reason": ""})
        self.assertEqual(index["empty"]["state"], "UNAVAILABLE")
        self.assertFalse(self.triton.is_model_ready("empty"))
        self.triton.load_model(MODEL)
        with self.assertRaisesRegex(InferenceServerException, "no model"):
            self.triton.load_model("none")
        with self.assertRaisesRegex(InferenceServerException, "DELETE /v1/models/digits"):
            self.triton.unload_model(MODEL)
        self.assertTrue(self.triton.is_model_ready(MODEL))
        client.send("DELETE", "/v1/models/empty")

    def test_statistics(self):
        before = self.triton.get_inference_statistics(MODEL)["model_stats"][0]
        self.triton.infer(MODEL, [self.tensor(self.test[:5])])
        after = self.triton.get_inference_statistics(MODEL, self.version)["model_stats"][0]
        self.assertEqual(after["inference_count"] - before["inference_count"], 5)
        self.assertEqual(after["execution_count"] - before["execution_count"], 1)
        self.assertIn(after, self.triton.get_inference_statistics()["model_stats"])


class ManualTests(unittest.TestCase):
    def test_the_program_of_the_manual_prints_what_it_shows(self):
        ((_, program), (_, shown)) = blocks(manual_page("OpenInference"))
        with RunningServer() as server, Client(server) as client:
            client.call("PUT", "/v1/models/fruit", {"dimension": 3})
            features = [[0.9, 0.1, 0.3], [0.8, 0.2, 0.4], [0.2, 0.9, 0.9], [0.1, 1.0, 0.8]]
            client.call("POST", "/v1/models/fruit/learn", {"features": features, "labels": ["apple"] * 2 + ["banana"] * 2})
            program = program.replace("127.0.0.1:8080", server.address)
            printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual((printed.returncode, printed.stderr), (0, ""))
        numbers = re.compile(r"\d+\.\d+")
        self.assertEqual(numbers.sub("", printed.stdout).split(), numbers.sub("", shown).split())
        for one, other in zip(numbers.findall(printed.stdout), numbers.findall(shown), strict=True):
            self.assertAlmostEqual(float(one), float(other), places=5)


class KServeTests(DigitsServer):
    def run_with_client(self, body):
        async def run():
            async with kserve.InferenceRESTClient(kserve.RESTConfig(protocol="v2", timeout=PATIENCE)) as client:
                return await body(client, f"http://{self.server.address}")

        return asyncio.run(run())

    def request(self, count, binary, datatype="FP32", **options):
        tensor = kserve.InferInput("features", [count, 64], datatype)
        tensor.set_data_from_numpy(self.test[:count].astype(triton_to_np_dtype(datatype)), binary_data=binary)
        return kserve.InferRequest(MODEL, [tensor], **options)

    def test_health(self):
        async def body(client, url):
            return (
                await client.is_server_live(url),
                await client.is_server_ready(url),
                await client.is_model_ready(url, MODEL),
                await client.is_model_ready(url, "none"),
            )

        self.assertEqual(self.run_with_client(body), (True, True, True, False))

    def test_inference_binary_and_as_json(self):
        for binary in (True, False):
            for answered in (True, False):
                with self.subTest(binary=binary, answered=answered):
                    request = self.request(len(self.test), binary, parameters={"binary_data_output": answered}, request_id="7")
                    response = self.run_with_client(lambda client, url: client.infer(url, request, MODEL))
                    self.assertEqual((response.id, response.model_name), ("7", MODEL))
                    outputs = {output.name: output for output in response.outputs}
                    labels = [entry.decode() if isinstance(entry, bytes) else entry for entry in outputs["label"].as_numpy()]
                    self.assertEqual(labels, self.labels)
                    numpy.testing.assert_allclose(outputs["score"].as_numpy(), self.scores, atol=1e-5)

    def test_every_datatype(self):
        for datatype in DATATYPES:
            with self.subTest(datatype):
                request = self.request(10, True, datatype)
                response = self.run_with_client(lambda client, url: client.infer(url, request, MODEL))
                self.assertEqual(list(response.outputs[0].as_numpy()), self.labels[:10])

    def test_errors_are_told(self):
        request = kserve.InferRequest(MODEL, [kserve.InferInput("image", [1, 2], "FP32", data=[1, 2])])
        with self.assertRaisesRegex(Exception, 'no input "image"'):
            self.run_with_client(lambda client, url: client.infer(url, request, MODEL))


if __name__ == "__main__":
    unittest.main()
