"""Writes what the fuzzers begin with: for each reader a directory of inputs, from the files that the tests read and of interesting sizes.

usage: Tests/Fuzz/seeds.py DIRECTORY
"""

import gzip
import io
import json
import pathlib
import random
import re
import struct
import sys
import zipfile
import zlib

TESTS = pathlib.Path(__file__).resolve().parents[1]


def number(value):
    """The first two octets of readers that want a number."""
    return struct.pack("<H", value & 0xFFFF)


def requests():
    """The octets of the conformance cases, their names and functions in `@{…}` replaced as their runner does it."""
    suite = json.loads((TESTS / "HTTPServerTests" / "h1_cases.json").read_text())
    values = {
        "host": "a", "get": "/healthz", "post": "/echo", "body": "hello", "len": "5", "len0": "005", "hex": "5", "half1": "he",
        "half2": "llo", "hex1": "2", "hex2": "3", "getpct": "/health%7A", **suite["vars"],
    }

    def expand(text):
        for _ in range(3):
            for name, value in values.items():
                text = text.replace("@{%s}" % name, value)
        for name, value in values.items():
            for function, form in (("lenof", "%d"), ("hexof", "%x")):
                marker = "@{%s|%s}" % (function, name)
                if marker in text:
                    text = text.replace(marker, form % len(expand(value)))
        # A fuzzer needs no more of anything than what passes the limits.
        return re.sub(
            r"@\{(?:rep|times|seq)\|(.*?)\|(\d+)\}", lambda match: match[1] * min(int(match[2]), 40_000 // len(match[1])), text, flags=re.S
        )

    for case in suite["cases"]:
        text = "".join(step.get("send", "") for step in case["steps"])
        if text:
            yield expand(text).encode("latin-1")[:60_000]


def chunks():
    yield b'5;a="b\\"c"\r\nhello\r\n0\r\nT: x\r\n\r\n'
    yield b"0\r\n\r\n"
    yield b"2000\r\n" + b"x" * 0x2000 + b"\r\n00001;a\r\ny\r\n0\r\n" + b"T: x\r\n" * 900 + b"\r\n"
    yield b"ffffffffffffffff\r\n"
    for request in requests():
        if b"chunked" in request and b"\r\n\r\n" in request:
            yield request.split(b"\r\n\r\n", 1)[1]


def json_matrices():
    yield b"[[1,2.5e-3],[-0,1e400]]"
    yield b"[[1],[-2.5],[9007199254740993.0],[3.4028235677973366e38]]"
    yield b'["a\\u00e9",7,-0,"\\ud83d\\ude00"]'
    yield b"9007199254740993.0"
    yield b"12345678901234567890.0e0"
    yield b"[[0." + b"0" * 800 + b"1]]"
    yield b"[" + b",".join(b"[%d.%d,-%de-%d]" % (i, i * 7, i, i % 40) for i in range(2000)) + b"]"
    yield b"[" + b",".join(b'"label %d"' % i for i in range(1000)) + b"]"


def json_values():
    yield b'\xef\xbb\xbf{"a":1}'
    yield '{"a":1}'.encode("utf-16")
    yield b'{"a":[1,{"b":null}],"c":"\\ud83d\\ude00","d":[18446744073709551615,-9223372036854775809,3.00000000000000000001,1e19]}'
    yield (TESTS / "AnalyticLearningTests" / "Vectors" / "expected.json").read_bytes()
    yield b"[" * 63 + b"]" * 63
    yield b"[" * 65
    yield json.dumps({"key %d" % i: [i, i / 7, None, True, "é\n"] for i in range(300)}).encode()


def npy(descriptor, shape, data, version=1, order=False):
    header = "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }" % (descriptor, order, shape)
    size = 10 if version == 1 else 12
    header += " " * (-(size + len(header) + 1) % 64) + "\n"
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + length + header.encode() + data


def arrays():
    yield npy("<f4", (2, 2), struct.pack("<4f", 1, -2.5, 0, 1e30))
    yield npy(">f8", (2, 2), struct.pack(">4d", 1, -2.5, 0, 1e300), version=2, order=True)
    yield npy("<i8", (3,), struct.pack("<3q", 1, -1, -(1 << 63)), version=3)
    yield npy("|u1", (2,), b"\x00\xff")
    yield npy("|S5", (2,), b"hello\xc3\xa9\0\0\0")
    yield npy("<U3", (2,), "abc".encode("utf-32-le") + "é\U0001f600".encode("utf-32-le") + bytes(4))
    yield npy("<f8", (0, 5), b"")
    yield npy("<f2", (2, 2), struct.pack("<4e", 1, -2.5, 0, 65504))
    yield npy(">f2", "(2L, 3L)", struct.pack(">6e", *range(6)), order=True)
    yield npy("|b1", (2, 1), b"\x00\x01")
    yield npy(">i2", (2, 2), struct.pack(">4h", 1, -1, 32767, -32768))
    yield npy("<u4", (1, 2), struct.pack("<2I", 0, 0xFFFFFFFF))
    yield npy(">i8", (2, 1), struct.pack(">2q", 1 << 53, (1 << 53) + 1))
    yield npy("<u8", (1, 1), struct.pack("<Q", 0xFFFFFFFFFFFFFFFF))
    yield npy("<f4", (50, 80), struct.pack("<4000f", *range(4000)))
    # A header of the most that is read.
    yield b"\x93NUMPY\x02\0" + struct.pack("<I", 65_536) + b"{'descr': '<f4', 'fortran_order': False, 'shape': ()}".ljust(65_536) + bytes(4)


def archives():
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        for texts in ([0, 3], [7, 4, 5, 6]):
            file = io.BytesIO()
            with zipfile.ZipFile(file, "w", method) as archive:
                all_arrays = list(arrays())
                for index in texts:
                    archive.writestr("array%d.npy" % index, all_arrays[index])
            yield file.getvalue()


def fixtures():
    """What zlib and NumPy have made, by the names that the tests have for it."""
    text = (TESTS / "TensorFormatsTests" / "Fixtures.swift").read_text()
    found = re.findall(r'static let (\w+) = bytes\(\s*"""(.*?)"""', text, re.S)
    assert len(found) >= 5, "Fixtures.swift is written in another way"
    return {name: bytes.fromhex(re.sub(r"[^0-9a-f]", "", digits)) for name, digits in found}


def tensors():
    def file(header, data=b""):
        text = json.dumps(header).encode() if isinstance(header, dict) else header
        text += b" " * (-len(text) % 8)
        return struct.pack("<Q", len(text)) + text + data

    vectors = TESTS / "AnalyticLearningTests" / "Vectors"
    yield (vectors / "recursive_small.safetensors").read_bytes()
    yield (vectors / "air_digits.safetensors").read_bytes()
    yield file({"features": {"dtype": "F32", "shape": [1, 1], "data_offsets": [0, 4]}}, struct.pack("<f", 1))
    odd = {
        "byte": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}, "none": {"dtype": "F64", "shape": [0, 3], "data_offsets": [1, 1]},
        "labels": {"dtype": "I64", "shape": [1], "data_offsets": [1, 9]}, "__metadata__": {"k": "v"},
    }
    yield file(odd, bytes(9))
    sizes = {"F16": 2, "BF16": 2, "BOOL": 1, "I8": 1, "I16": 2, "U32": 4, "U64": 8}
    kinds, end = {}, 0
    for kind, size in sizes.items():
        kinds[kind] = {"dtype": kind, "shape": [2, 1], "data_offsets": [end, end + 2 * size]}
        end += 2 * size
    yield file(kinds, bytes([0, 1]) * (end // 2))
    many = {"t%d" % i: {"dtype": "U8", "shape": [1], "data_offsets": [i, i + 1]} for i in range(400)}
    yield file(many, bytes(400))
    yield file({"t%d" % i: {"dtype": "F64", "shape": [0], "data_offsets": [0, 0]} for i in range(1025)})
    yield file({"__metadata__": {str(i): "" for i in range(1025)}})
    crc = {"a": {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}, "crc32c": {"dtype": "U32", "shape": [2], "data_offsets": [8, 16]}}
    yield file(crc, bytes(16))


def lines():
    yield b'\xef\xbb\xbf{"features":[1],"label":"a"}\n{"features":[2]}\n'
    yield b'{"features":[1],"label":"a"}\n\n{"features":[2]}\r\n'
    yield b"x" * 64 + b"\r\n" + b"y" * 65 + b"\n"
    yield b" \t\r\n" * 500 + b"end"
    yield b"".join(b"line %d\r\n" % i for i in range(3000))


def inferences():
    yield (
        b'{"id":"a","parameters":{"weights":"plain"},"inputs":[{"name":"features","datatype":"FP64","shape":[1,2],"data":[[1,1e40]]}]}'
    )
    yield (
        b'{"inputs":[{"data":[1,2],"name":"features","shape":[1,2.0],"datatype":"INT8"}],'
        b'"outputs":[{"name":"score","parameters":{"classification":2}},{"name":"label","parameters":{"binary_data":true}}]}'
    )
    for datatype in ("UINT8", "UINT16", "UINT32", "UINT64", "INT16", "INT32", "INT64", "FP32"):
        yield b'{"inputs":[{"name":"features","datatype":"%s","shape":[2,1],"data":[1,127]}]}' % datatype.encode()
    values = b",".join(b"%d.25" % i for i in range(4000))
    yield b'{"inputs":[{"name":"features","datatype":"FP32","shape":[2000,2],"data":[%s]}]}' % values


def binary_inferences():
    for datatype, size in (("FP32", 4), ("FP64", 8), ("FP16", 2), ("BF16", 2), ("INT8", 1), ("UINT64", 8), ("INT32", 4)):
        for rows in (1, 700):
            head = '{"inputs":[{"name":"features","datatype":"%s","shape":[%d,1],"parameters":{"binary_data_size":%d}}]}' % (
                datatype, rows, rows * size)
            yield number(len(head)) + head.encode() + bytes(range(1, 1 + size)) * rows
    # No JSON: one raw tensor.
    yield number(0) + struct.pack("<4f", 1, 2, 3, 4)


def compressed():
    text = b'{"features":[[1,2,3]]}' * 40
    noise = random.Random(1).randbytes(3000)
    yield gzip.compress(text, mtime=0)
    yield gzip.compress(text, mtime=0) + gzip.compress(noise, 1, mtime=0)
    yield zlib.compress(text, 9)
    yield zlib.compress(bytes(200_000), 9)
    with_name = io.BytesIO()
    with gzip.GzipFile("a name", "wb", 9, with_name, mtime=0) as file:
        file.write(text)
    yield with_name.getvalue()
    # Many members, content longer than a window, and zeros behind it all.
    yield b"".join(gzip.compress(b"%d" % i, mtime=0) for i in range(50))
    yield gzip.compress(noise * 14 + text, 9, mtime=0) + bytes(64)


def deflated():
    noise = random.Random(2).randbytes(40_000)
    for level in (0, 1, 9):
        # Distances of up to a whole window, and far more output than input.
        for text in (b"", b"abc" * 500, noise[:5000], noise[:33_000] + noise[:9000], *([bytes(200_000)] if level else [])):
            compressor = zlib.compressobj(level, zlib.DEFLATED, -15)
            yield compressor.compress(text) + compressor.flush()
    made = fixtures()
    for name in ("dynamicBlock", "fixedBlock", "storedBlock"):
        yield made[name]


def seeds():
    texts = list(requests())
    return {
        "request": [number(len(text) // 2) + text for text in texts],
        "request-limits": [number(len(text) // 3) + text for text in texts if len(text) < 2000],
        "chunks": [number(len(text) // 2) + text for text in chunks()],
        "chunks-limits": [number(len(text) // 3) + text for text in chunks() if len(text) < 2000],
        "json-matrix": list(json_matrices()),
        "json-value": list(json_values()),
        "npy": list(arrays()),
        "npz": [*archives(), fixtures()["compressedNpz"], fixtures()["streamedNpz"]],
        "safetensors": list(tensors()),
        "lines": [number(len(text) // 2) + text for text in lines()],
        "inference": list(inferences()),
        "inference-binary": list(binary_inferences()),
        "content-coding": list(compressed()),
        "inflate": list(deflated()),
    }


def main():
    directory = pathlib.Path(sys.argv[1])
    for reader, texts in seeds().items():
        (directory / reader).mkdir(parents=True, exist_ok=True)
        assert texts, reader
        for index, text in enumerate(texts):
            (directory / reader / f"seed-{index:03}").write_bytes(text)


if __name__ == "__main__":
    main()
