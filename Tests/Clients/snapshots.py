"""What a snapshot says, read without any of Accrue's code."""

import json
import math
import struct

import numpy
import safetensors
import safetensors.numpy


class Snapshot:
    """A snapshot file, opened with the safetensors package."""

    def __init__(self, path):
        self.path = path
        self.tensors = safetensors.numpy.load_file(path)
        with safetensors.safe_open(path, framework="numpy") as file:
            metadata = file.metadata()
        self.metadata = metadata
        self.format = metadata["format"]
        self.config = json.loads(metadata["config"])
        self.labels = json.loads(metadata["labels"])
        self.samples = int(metadata["samples"])
        self.version = int(metadata["version"])

    def hidden(self, rows):
        """The feature map: what stands before the weights."""
        rows = numpy.asarray(rows, numpy.float64)
        settings = {"activation": "relu", "scale": 1, "include_input": False} | self.config["feature_map"]
        if settings["kind"] == "identity":
            return rows
        products = rows @ self.tensors["feature_map.projection"].astype(numpy.float64)
        if settings["activation"] == "cos":
            phases = 2 * numpy.pi * self.tensors["feature_map.phase"].astype(numpy.float64)
            mapped = (2 / products.shape[1]) ** 0.5 * numpy.cos(products / settings["scale"] + phases)
        elif settings["activation"] == "gelu":
            scaled = settings["scale"] * products
            mapped = scaled / 2 * numpy.vectorize(math.erfc)(-scaled / 2**0.5)
        else:
            mapped = numpy.maximum(settings["scale"] * products, 0)
        return numpy.hstack([mapped, rows]) if settings["include_input"] else mapped

    def scores(self, rows):
        """What the service predicts with: the balanced weights where there are some."""
        kind = "weight.balanced" if "weight.balanced" in self.tensors else "weight"
        return self.hidden(rows) @ self.tensors[kind] + self.tensors.get(kind + ".intercept", 0)

    def gram(self):
        width = self.tensors["weight"].shape[0]
        gram = numpy.zeros((width, width))
        gram[numpy.tril_indices(width)] = self.tensors["gram.packed_lower"]
        return gram + numpy.tril(gram, -1).T

    def stored_and_computed_checksums(self):
        """The values of the `crc32c` tensor, and the same computed here from the bytes of the file."""
        content = memoryview(self.path.read_bytes())
        (length,) = struct.unpack("<Q", content[:8])
        start = 8 + length
        header = json.loads(bytes(content[8:start]))
        header.pop("__metadata__")
        ranges = sorted((entry["data_offsets"], name) for name, entry in header.items())
        assert ranges[-1][1] == "crc32c", "the checksums are the last tensor"
        computed = [crc32c(content[:start])]
        computed += [crc32c(content[start + first : start + end]) for (first, end), _ in ranges[:-1]]
        return self.tensors["crc32c"].tolist(), computed


def joint_solution(hidden, columns, classes, ridge):
    """One ridge regression over all rows at once: the weights the stream must end with."""
    targets = numpy.eye(classes)[columns]
    square = hidden.T @ hidden + ridge * numpy.eye(hidden.shape[1])
    return numpy.linalg.solve(square, hidden.T @ targets)


def relative_difference(value, reference):
    return numpy.linalg.norm(value - reference) / numpy.linalg.norm(reference)


def _table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _table()


def crc32c(content):
    """CRC-32C (Castagnoli, RFC 3720 appendix B.4), a byte at a time."""
    value = 0xFFFFFFFF
    for byte in content:
        value = value >> 8 ^ _TABLE[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF
