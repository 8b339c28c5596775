"""What schemathesis cannot know from the document: which models exist, how long their rows are, and how binary bodies are made.

Loaded by schemathesis itself, in the process that `test_schemathesis.py` starts; the server is at ACCRUE_ADDRESS,
and takes ACCRUE_TOKEN.
"""

import http.client
import io
import itertools
import json
import os
import re

import numpy
import schemathesis
from hypothesis import strategies
from safetensors.numpy import save
from schemathesis.openapi.checks import RejectedPositiveData

DIMENSION = 3
MODEL = "fruit"
LABELS = ["apple", "banana"]
FEATURES = [[0.9, 0.1, 0.3], [0.8, 0.2, 0.4], [0.2, 0.9, 0.9], [0.1, 1.0, 0.8]]
CONFIGURATION = {"dimension": DIMENSION, "imbalance": {"kind": "reweight"}}
SNAPSHOT = "application/vnd.safetensors"
NDJSON = "application/x-ndjson"
LINES = [NDJSON, *(f"application/{name}" for name in ("ndjson", "jsonl", "jsonlines", "x-jsonl", "x-jsonlines", "json-lines"))]
numbers = itertools.count()
connection = http.client.HTTPConnection(os.environ["ACCRUE_ADDRESS"], timeout=600)


def call(method, path, body=None):
    connection.request(method, path, body, {"Authorization": f"Bearer {os.environ['ACCRUE_TOKEN']}"})
    answer = connection.getresponse()
    return answer.status, answer.read()


def make_snapshot():
    """The state in which every case finds the model."""
    path = f"/v1/models/{MODEL}"
    call("PUT", path, json.dumps(CONFIGURATION))
    call("POST", path + "/learn", json.dumps({"features": FEATURES, "labels": [LABELS[0]] * 2 + [LABELS[1]] * 2}))
    return call("GET", path + "/snapshot")[1]


snapshot = make_snapshot()


# --- The document, narrowed to what a running server can say yes to


@schemathesis.hook
def before_load_schema(context, raw_schema):
    schemas = raw_schema["components"]["schemas"]
    schemas["Features"] |= {"minItems": DIMENSION, "maxItems": DIMENSION}
    # What the server sends has no key that the document does not tell.
    for name in answer_schemas(raw_schema):
        close(schemas[name])


def answer_schemas(raw_schema):
    """The names of components that only answers use."""

    def references(value):
        if isinstance(value, dict):
            for key, entry in value.items():
                if key == "$ref" and entry.startswith("#/components/schemas/"):
                    yield entry.rsplit("/", 1)[1]
                else:
                    yield from references(entry)
        elif isinstance(value, list):
            for entry in value:
                yield from references(entry)

    operations = [operation for item in raw_schema["paths"].values() for operation in item.values()]
    wanted = {name for operation in operations for name in references(operation["responses"])}
    while True:
        more = wanted | {name for known in wanted for name in references(raw_schema["components"]["schemas"][known])}
        if more == wanted:
            return wanted
        wanted = more


def close(schema):
    if isinstance(schema, dict):
        if "properties" in schema:
            schema["additionalProperties"] = False
        for key, value in schema.items():
            if key not in ("if", "then"):
                close(value)
    elif isinstance(schema, list):
        for value in schema:
            close(value)


# --- Bodies


def arrays(is_labelled):
    features = numpy.array(FEATURES)
    return {"features": features, "labels": numpy.array([1, 1, 2, 2])} if is_labelled else {"features": features}


def rows(operation, media_type):
    """A body that the operation takes, in a format that is no JSON."""
    name = operation.definition.raw["operationId"]
    if name in ("restore_snapshot", "merge"):
        return snapshot
    if name in ("infer", "infer_of_version"):
        return numpy.array(FEATURES, dtype="<f4").tobytes()
    is_labelled = name != "predict"
    if media_type in LINES:
        lines = [{"features": row} | ({"label": label} if is_labelled else {}) for row, label in zip(FEATURES, LABELS * 2)]
        return "".join(json.dumps(line) + "\n" for line in lines).encode()
    stream = io.BytesIO()
    if media_type == "application/x-npy":
        numpy.save(stream, numpy.array(FEATURES))
    elif media_type == "application/x-npz":
        numpy.savez_compressed(stream, **arrays(is_labelled))
    else:
        return save(arrays(is_labelled))
    return stream.getvalue()


for media_type in ["application/x-npy", "application/x-npz", "application/octet-stream", SNAPSHOT]:
    schemathesis.openapi.media_type(media_type, strategies.binary())


@schemathesis.serializer(*LINES)
def write_lines(context, value):
    return value if isinstance(value, bytes) else str(value).encode()


def integers(value):
    """Labels without fraction: JSON Schema does not tell 1.0 from 1, and 1.0 is no label."""
    return int(value) if isinstance(value, float) else value


def shrink(value, key, maximum):
    """Larger models are refused with 422, by the memory that they would take."""
    if isinstance(value.get(key), (int, float)) and value[key] > maximum:
        value[key] = 1 + value[key] % maximum


def adapt(case, kwargs):
    """Makes a valid case one that the server can say yes to."""
    name = case.operation.definition.raw["operationId"]
    if case.media_type is not None and case.media_type != "application/json":
        kwargs["data"] = rows(case.operation, case.media_type)
    elif isinstance(case.body, dict):
        if "labels" in case.body and "features" in case.body:
            # One label a row.
            labels, count = case.body["labels"], len(case.body["features"])
            case.body["labels"] = [integers(labels[index % len(labels)]) for index in range(count)]
        if name == "unlearn" and next(numbers) % 2:
            case.body = {"features": FEATURES, "labels": [LABELS[0]] * 2 + [LABELS[1]] * 2}
        if name == "predict" and "prior" in case.body:
            # Of classes that the model knows, and instead of a balance.
            case.body["prior"] = {LABELS[0]: 0.5} if next(numbers) % 2 else "uniform"
            (case.query or {}).pop("balance", None)
        if name in ("infer", "infer_of_version"):
            ask(case.body)
        if name in ("create_model", "change_model") and "auto_metric" in case.body:
            # A key of this ridge alone.
            case.body["ridge"] = "auto"
        if name == "create_model":
            if is_chained(case):
                case.body["dimension"] = DIMENSION
            shrink(case.body, "dimension", 16)
            shrink(case.body, "sketch_rank", 16)
            shrink(case.body.get("feature_map", {}), "width", 16)
    if name in ("infer", "infer_of_version") and case.media_type == "application/octet-stream":
        case.headers["Inference-Header-Content-Length"] = "0"
    if case.headers and "Idempotency-Key" in case.headers:
        # A key comes once: with another body it is refused.
        case.headers["Idempotency-Key"] = f"{next(numbers)} {case.headers['Idempotency-Key']}"[:255]
    if not is_chained(case) and "model" in (case.path_parameters or {}) and next(numbers) % 4:
        case.path_parameters["model"] = MODEL
        if "label" in case.path_parameters:
            case.path_parameters["label"] = LABELS[0]
        if "version" in case.path_parameters:
            # It rises with every case.
            case.path_parameters["version"] = str(json.loads(call("GET", f"/v1/models/{MODEL}")[1])["version"])


def ask(body):
    """Makes an inference request one for the model: a tensor of its shape, and each output once that there is."""
    body["inputs"] = [{"name": "features", "datatype": "FP32", "shape": [len(FEATURES), DIMENSION], "data": FEATURES}]
    outputs = {output["name"]: output for output in body.get("outputs") or [] if output["name"] != "probability"}
    for name in ("label", "novelty", "set"):
        (outputs.get(name, {}).get("parameters") or {}).pop("classification", None)
    if "coverage" not in (body.get("parameters") or {}):
        outputs.pop("set", None)
    if "outputs" in body:
        body["outputs"] = list(outputs.values())


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Rows that were never learned cannot be unlearned: 422, though they are valid; and no model can be unloaded. A case without a token
    gets the one that the run sends with every request."""
    is_sent = "Authorization" in (response.request.headers if response.request is not None else {})
    if type(failure).__name__ == "MissingHeaderNotRejected" and is_sent and "'Authorization'" in str(failure.message):
        return False
    name = case.operation.definition.raw["operationId"]
    refused = {"unlearn": 422, "repository_unload": 400}
    # A query longer than a request's target may be is refused for that before anybody reads its parameters.
    if response.status_code == 414 and type(failure).__name__ == "AcceptedNegativeData":
        return False
    return not (isinstance(failure, RejectedPositiveData) and refused.get(name) == response.status_code)


# --- The state


def is_chained(case):
    """Whether a case follows others, whose outcome it needs."""
    return case.meta is not None and case.meta.phase.name.value == "stateful"


def write_as_told(case):
    """What the headers of an inference request rightly say of its content is true here of JSON alone: it is all of it, as it is."""
    if case.operation.definition.raw["operationId"] in ("infer", "infer_of_version") and case.headers:
        if case.headers.get("Content-Encoding") in ("identity", "gzip", "x-gzip", "deflate"):
            case.headers.pop("Content-Encoding")
        if re.fullmatch("[0-9]+", str(case.headers.get("Inference-Header-Content-Length"))):
            case.headers.pop("Inference-Header-Content-Length")


@schemathesis.hook
def before_call(context, case, kwargs):
    """Every case but those in a chain finds the model as it was at first: others rename its classes, delete it, and so on."""
    if not is_chained(case):
        call("PUT", f"/v1/models/{MODEL}/snapshot", snapshot)
    write_as_told(case)
    if case.meta is not None and case.meta.generation.mode.is_positive:
        adapt(case, kwargs)


@schemathesis.hook
def after_call(context, case, response):
    """A model that a case has made is of use only in a chain."""
    name = (case.path_parameters or {}).get("model")
    if response.status_code == 201 and name != MODEL and not is_chained(case):
        call("DELETE", f"/v1/models/{name}")
