"""`/openapi.json`: it is OpenAPI, its examples are true, and the server answers as it says."""

import copy
import http.client
import io
import json
import math
import pathlib
import tempfile
import time
import unittest
import urllib.parse

import jsonschema
import numpy
import openapi_spec_validator
from safetensors.numpy import save

from running_server import PATIENCE, Client, RunningServer

FEATURES = numpy.array([[0.9, 0.1, 0.3], [0.8, 0.2, 0.4], [0.2, 0.9, 0.9], [0.1, 1.0, 0.8]])
SNAPSHOT_OPERATIONS = ["restore_snapshot", "merge"]


class Document:
    """The document of a server, and how to read it."""

    def __init__(self, value):
        self.value = value
        # An answer may have no key that the document does not tell, though clients should expect more one day.
        self.closed = copy.deepcopy(value)
        close(self.closed["components"]["schemas"])

    def operations(self):
        """Method, path and description of every operation."""
        for path, item in self.value["paths"].items():
            for method, operation in item.items():
                yield method.upper(), path, operation

    def operation(self, name):
        return next(operation for _, _, operation in self.operations() if operation["operationId"] == name)

    def resolve(self, value):
        while "$ref" in value:
            found = self.value
            for part in value["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            value = found
        return value

    def check(self, schema, instance):
        """Fails unless the instance is what the schema says, and nothing more."""
        schema = copy.deepcopy(schema)
        close(schema)
        validator = jsonschema.Draft202012Validator(schema | {"components": self.closed["components"]})
        for error in validator.iter_errors(instance):
            raise AssertionError(f"{error.json_path}: {error.message}")

    def response(self, operation, status):
        return self.resolve(operation["responses"][str(status)])


def examples(place):
    """The examples of a place in the document, by name; by None if there is one for all states."""
    if "examples" in place:
        return {name: example["value"] for name, example in place["examples"].items()}
    return {None: place["example"]} if "example" in place else {}


def close(value):
    if isinstance(value, dict):
        if "properties" in value and isinstance(value["properties"], dict):
            value.setdefault("additionalProperties", False)
        for key, entry in value.items():
            if key not in ("if", "then"):
                close(entry)
    elif isinstance(value, list):
        for entry in value:
            close(entry)


# What is measured, or made in the background, is not the same every time.
VARYING = {"drift", "condition_estimate", "memory_bytes", "balanced_version", "last_rebalance", "curve"}


# Operations whose answer is measured as a whole: an example shows its shape only.
MEASURED = {"traffic"}


def resembles(shown, real):
    """Whether an answer is the one that an example shows."""
    if isinstance(shown, dict):
        return (
            isinstance(real, dict)
            and list(shown) == list(real)
            and all(key in VARYING or resembles(value, real[key]) for key, value in shown.items())
        )
    if isinstance(shown, list):
        return isinstance(real, list) and len(shown) == len(real) and all(map(resembles, shown, real))
    if isinstance(shown, float):
        return isinstance(real, (int, float)) and math.isclose(shown, real, rel_tol=1e-5, abs_tol=1e-7)
    return shown == real


def binary(operation, media_type, snapshot):
    """A body that an operation takes, in a format whose examples a document cannot hold."""
    name = operation["operationId"]
    if name in SNAPSHOT_OPERATIONS:
        return snapshot
    if media_type == "application/octet-stream":
        return FEATURES.astype("<f4").tobytes()
    arrays = {"features": FEATURES}
    if name != "predict":
        arrays["labels"] = numpy.array(["apple", "apple", "banana", "banana"])
    stream = io.BytesIO()
    if media_type == "application/x-npy":
        numpy.save(stream, FEATURES)
        return stream.getvalue()
    if media_type == "application/x-npz":
        numpy.savez(stream, **arrays)
        return stream.getvalue()
    labels = arrays.pop("labels", None)
    return save(arrays, metadata=None if labels is None else {"labels": json.dumps(labels.tolist())})


class DocumentTests(unittest.TestCase):
    def read(self, *options):
        with RunningServer(*options) as server, Client(server) as client:
            return Document(client.call("GET", "/openapi.json"))

    def test_it_is_openapi_with_and_without_tokens(self):
        plain = self.read()
        openapi_spec_validator.validate(plain.value)
        self.assertNotIn("securitySchemes", plain.value["components"])
        with tempfile.TemporaryDirectory() as directory:
            tokens = pathlib.Path(directory) / "tokens"
            tokens.write_text(f"read {'r' * 32}\nwrite {'w' * 32}\n")
            tokens.chmod(0o600)
            guarded = self.read("--token-file", str(tokens))
        openapi_spec_validator.validate(guarded.value)
        self.assertEqual(guarded.operation("learn")["security"], [{"bearer": ["write"]}])
        self.assertEqual(guarded.operation("predict")["security"], [{"bearer": ["read"]}])
        self.assertEqual(guarded.operation("liveness")["security"], [])
        self.assertIn("401", guarded.operation("learn")["responses"])
        self.assertNotIn("401", guarded.operation("liveness")["responses"])

    def test_every_example_is_what_its_schema_says(self):
        document = self.read()
        count = 0
        for _, _, operation in document.operations():
            places = [document.resolve(parameter) for parameter in operation.get("parameters", [])]
            places += operation.get("requestBody", {}).get("content", {}).values()
            for status in operation["responses"]:
                places += document.response(operation, status).get("content", {}).values()
            for place in places:
                for example in examples(place).values():
                    count += 1
                    with self.subTest(operation["operationId"], example=example):
                        document.check(place["schema"], example)
                if "x-item-schema" in place:
                    for line in place["example"].splitlines():
                        document.check(place["x-item-schema"], json.loads(line))
        self.assertGreater(count, 40)

    def test_every_operation_describes_itself_and_every_body_has_an_example_or_is_binary(self):
        document = self.read()
        for _, _, operation in document.operations():
            with self.subTest(operation["operationId"]):
                self.assertTrue(operation["summary"])
                for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
                    self.assertTrue(examples(content) or "contentMediaType" in content["schema"], media_type)


class ExampleTests(unittest.TestCase):
    """Every example is sent to a real server."""

    def setUp(self):
        self.server = self.enterContext(RunningServer())
        self.client = self.enterContext(Client(self.server))
        self.document = Document(self.client.call("GET", "/openapi.json"))
        self.prepare()
        self.snapshot = self.client.send("GET", self.fruit + "/snapshot")

    fruit = "/v1/models/fruit"

    def example(self, name):
        return self.document.operation(name)["requestBody"]["content"]["application/json"]["example"]

    def prepare(self, state=None):
        """The state that the examples speak of: four rows have been learned, or also enough for probabilities."""
        self.client.call("PUT", self.fruit, self.example("create_model"))
        self.client.call("POST", self.fruit + "/learn", self.example("learn"))
        # The balanced weights are made in the background.
        end = time.monotonic() + PATIENCE
        while self.client.call("GET", self.fruit)["balanced_version"] is None and time.monotonic() < end:
            time.sleep(0.01)
        if state == "calibrated":
            self.calibrate()

    def calibrate(self):
        """1,200 rows around two centres."""
        centres = {"apple": [0.85, 0.15, 0.35], "banana": [0.15, 0.95, 0.85]}
        for start in range(0, 1200, 50):
            labels = ["banana" if index % 3 == 2 else "apple" for index in range(start, start + 50)]
            rows = [
                [round(centre + 0.6 * math.sin((2 * k + 3) * (start + index) + k), 3) for k, centre in enumerate(centres[label])]
                for index, label in enumerate(labels)
            ]
            self.client.call("POST", self.fruit + "/learn", {"features": rows, "labels": labels})

    def test_every_request_example_is_answered_as_the_document_says(self):
        sent = 0
        for method, path, operation in self.document.operations():
            if operation["operationId"] == "repository_unload":
                continue  # It is always refused.
            contents = operation.get("requestBody", {}).get("content", {None: {}})
            for media_type, content in contents.items():
                for state in examples(content) or [None]:
                    with self.subTest(operation["operationId"], media_type=media_type, state=state):
                        self.start_anew(operation["operationId"], state)
                        body = self.body(operation, media_type, content, state)
                        answer = self.send(operation, method, path, body, media_type, state)
                        self.check(operation, *answer, media_type, state)
                        sent += 1
        self.assertGreater(sent, 20)

    def start_anew(self, name, state):
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=PATIENCE)
        connection.request("DELETE", self.fruit)
        self.assertIn(connection.getresponse().status, (204, 404))
        connection.close()
        if name == "learn":
            self.client.call("PUT", self.fruit, self.example("create_model"))
        elif name not in ("create_model", "restore_snapshot"):
            self.prepare(state)

    def body(self, operation, media_type, content, state):
        if media_type is None:
            return None
        if not examples(content):
            return binary(operation, media_type, self.snapshot)
        example = examples(content)[state]
        return example.encode() if isinstance(example, str) else json.dumps(example).encode()

    def send(self, operation, method, path, body, media_type, state=None):
        query = {}
        headers = {"Content-Type": media_type} if media_type else {}
        if media_type == "application/octet-stream":
            headers["Inference-Header-Content-Length"] = "0"
        for parameter in map(self.document.resolve, operation.get("parameters", [])):
            if parameter["in"] == "path":
                value = parameter["example"]
                if parameter["name"] == "version" and state == "calibrated":
                    value = str(self.client.call("GET", self.fruit)["version"])
                path = path.replace("{%s}" % parameter["name"], urllib.parse.quote(value, safe=""))
                continue
            given = examples(parameter)
            for name in given.keys() & {None, state}:
                (query if parameter["in"] == "query" else headers)[parameter["name"]] = given[name]
        if query:
            path += "?" + urllib.parse.urlencode({name: json.dumps(v) if isinstance(v, bool) else v for name, v in query.items()})
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=PATIENCE)
        self.addCleanup(connection.close)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        # Events have no end: the first is enough.
        is_endless = answer.getheader("Content-Type") == "text/event-stream"
        return answer, answer.read1() if is_endless else answer.read()

    def check(self, operation, answer, content, request_type, state):
        # A call that is there to be refused has no other answers.
        is_refusal = min(operation["responses"]) >= "400"
        self.assertTrue(200 <= answer.status < 300 or is_refusal, f"{answer.status}: {content[:300]!r}")
        self.assertIn(str(answer.status), operation["responses"])
        response = self.document.response(operation, answer.status)
        for name, header in response["headers"].items():
            header = self.document.resolve(header)
            value = answer.getheader(name)
            self.assertTrue(value is not None or not header.get("required"), name)
            if value is not None:
                is_number = self.document.resolve(header["schema"]).get("type") == "integer"
                self.document.check(header["schema"], int(value) if is_number else value)
        if not content:
            self.assertNotIn("content", response)
            return
        described = response["content"][answer.getheader("Content-Type").split(";")[0]]
        if answer.getheader("Content-Type") != "application/json":
            return
        value = json.loads(content)
        self.document.check(described["schema"], value)
        if operation["operationId"] in MEASURED:
            return
        shown = examples(described)
        if shown and request_type in (None, "application/json"):
            shown = shown[state if state in shown else None]
            self.assertTrue(resembles(shown, value), f"shown {shown}, answered {value}")

    def test_refusals_are_as_the_document_says(self):
        cases = [
            ("learn", "POST", "/v1/models/none/learn", b"{}", "application/json", 404),
            ("learn", "POST", "/v1/models/fruit/learn", b"{}", "application/json", 400),
            ("learn", "POST", "/v1/models/fruit/learn", b'{"features":[1],"label":"a"}\n', "application/x-ndjson", 400),
            ("learn", "POST", "/v1/models/fruit/learn", b"a=1", "text/plain", 415),
            ("create_model", "PUT", "/v1/models/fruit", b'{"dimension":4}', "application/json", 409),
            ("create_model", "PUT", "/v1/models/large", b'{"dimension":1000000}', "application/json", 422),
            ("create_model", "PUT", "/v1/models/-", b'{"dimension":4}', "application/json", 400),
            ("create_model", "PUT", "/v1/models/a", b"\0" * 70000, "application/json", 413),
            ("rename_class", "PATCH", "/v1/models/fruit/classes/pear", b'{"label":"plum"}', "application/json", 404),
            ("rename_class", "PATCH", "/v1/models/fruit/classes/apple", b'{"label":"banana"}', "application/json", 409),
            ("restore_snapshot", "PUT", "/v1/models/fruit/snapshot", b"abc", "application/vnd.safetensors", 400),
            ("describe_model", "GET", "/v1/models/fruit?all=1", None, None, 400),
            ("unlearn", "POST", "/v1/models/fruit/unlearn", b'{"features":[[9,9,9]],"labels":["apple"]}', None, 422),
        ]
        for name, method, path, body, media_type, status in cases:
            with self.subTest(f"{method} {path}", status=status):
                operation = self.document.operation(name)
                answer, content = self.send({}, method, path, body, media_type)
                self.assertEqual(answer.status, status, content[:300])
                self.assertEqual(answer.getheader("Content-Type"), "application/problem+json")
                response = self.document.response(operation, status)
                self.document.check(response["content"]["application/problem+json"]["schema"], json.loads(content))
                for header, described in response["headers"].items():
                    if self.document.resolve(described).get("required"):
                        self.assertIsNotNone(answer.getheader(header), header)


if __name__ == "__main__":
    unittest.main()
