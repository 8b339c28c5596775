"""The commands that talk to a server: every format, long streams, interruptions, restarts, and what shells see of it."""

import contextlib
import csv
import gzip
import io
import json
import os
import pathlib
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import numpy
import safetensors.numpy
from pages import blocks, manual_page
from running_server import BINARY, PATIENCE, Client, Refused, RunningServer
from snapshots import Snapshot, joint_solution, relative_difference

ROWS, DIMENSION, CLASSES, RIDGE = 100_000, 32, 5, 0.1


def make_rows(count, seed=1):
    """Rows with few digits, and labels that can be learned from them."""
    generator = numpy.random.default_rng(seed)
    labels = generator.integers(0, CLASSES, count)
    rows = numpy.round(generator.normal(size=(count, DIMENSION)), 4)
    rows[numpy.arange(count), labels] += 3
    return rows, numpy.array([f"class {label}" for label in labels])


def as_csv(rows, labels, header=True):
    lines = [",".join([*(f"f{column}" for column in range(rows.shape[1])), "label"])] if header else []
    lines += [",".join([*map(repr, row), label]) for row, label in zip(rows.tolist(), labels.tolist())]
    return ("\n".join(lines) + "\n").encode()


def as_ndjson(rows, labels):
    lines = [json.dumps({"features": row, "label": label}) for row, label in zip(rows.tolist(), labels.tolist())]
    return ("\n".join(lines) + "\n").encode()


class Run:
    """A running `accrue`; what it is fed comes from a thread, and its peak memory is told at its end."""

    def __init__(self, *words, server=None, data=b"", environment=None, directory=None):
        env = {key: value for key, value in os.environ.items() if not key.startswith("ACCRUE_")}
        if server:
            env["ACCRUE_URL"] = f"http://{server.address}"
        env.update(environment or {})
        self.process = subprocess.Popen(
            [str(BINARY), *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=env, cwd=directory,
        )
        self.texts, self.peak = {}, 0
        self.threads = [threading.Thread(target=self.feed, args=(data,)), threading.Thread(target=self.watch)]
        for name in ("stdout", "stderr"):
            self.threads.append(threading.Thread(target=self.drain, args=(name,)))
        for thread in self.threads:
            thread.start()

    def feed(self, data):
        try:
            for piece in [data] if isinstance(data, bytes) else data:
                self.process.stdin.write(piece)
        except BrokenPipeError:
            pass
        finally:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()

    def drain(self, name):
        with getattr(self.process, name) as pipe:
            self.texts[name] = pipe.read().decode()

    def watch(self):
        # What wait4 tells is at least what this process had when it made the other one.
        while self.process.returncode is None:
            with contextlib.suppress(OSError):
                status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
                self.peak = max(self.peak, *(int(size) << 10 for size in re.findall(r"VmHWM:\s*(\d+)", status)), 0)
            time.sleep(0.005)

    def wait(self):
        self.status = self.process.wait(PATIENCE)
        for thread in self.threads:
            thread.join(PATIENCE)
        self.output, self.errors = self.texts["stdout"], self.texts["stderr"]
        return self


def run(*words, **options):
    return Run(*words, **options).wait()


class CommandLineTests(unittest.TestCase):
    """What all tests here need."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def serve(self, *options, port=0):
        server = RunningServer(*options, port=port)
        self.addCleanup(server.close)
        return server

    def assert_learned(self, server, model, rows, labels, tolerance=1e-9):
        """The model has these rows, each once, and the weights of one joint regression over them."""
        path = self.directory / "learned.safetensors"
        with Client(server) as client:
            self.assertEqual(client.call("GET", f"/v1/models/{model}")["samples"], len(rows))
            path.write_bytes(client.send("GET", f"/v1/models/{model}/snapshot"))
        snapshot = Snapshot(path)
        columns = [snapshot.labels.index(label) for label in labels.tolist()]
        expected = joint_solution(snapshot.hidden(rows), columns, len(snapshot.labels), RIDGE)
        self.assertLessEqual(relative_difference(snapshot.tensors["weight"], expected), tolerance)

    def assert_ends(self, outcome, status=0, *words):
        self.assertEqual(outcome.status, status, f"{outcome.output}\n{outcome.errors}")
        for word in words:
            self.assertIn(word, outcome.output + outcome.errors)
        return outcome


class FormatTests(CommandLineTests):
    @classmethod
    def setUpClass(cls):
        cls.rows, cls.labels = make_rows(3000)

    def files(self):
        """Files of all formats, and the options they need."""
        rows, labels = self.rows, self.labels
        write = lambda name, content: (self.directory / name).write_bytes(content)
        write("rows.csv", as_csv(rows, labels))
        write("rows.tsv", as_csv(rows, labels, header=False).replace(b",", b"\t"))
        write("rows.ndjson", as_ndjson(rows, labels))
        write("labels.txt", "\n".join(labels.tolist()).encode())
        numpy.save(self.directory / "rows.npy", rows)
        numpy.save(self.directory / "columns.npy", numpy.asfortranarray(rows))
        numpy.save(self.directory / "labels.npy", labels)
        numpy.savez(self.directory / "rows.npz", features=rows, labels=labels)
        numpy.savez_compressed(self.directory / "small.npz", features=rows, labels=labels)
        metadata = {"labels": json.dumps(labels.tolist())}
        safetensors.numpy.save_file({"features": rows}, self.directory / "rows.safetensors", metadata)
        named = ["--labels", "labels.npy"], ["--labels", "labels.txt"]
        return [
            ("rows.csv", []), ("rows.tsv", []), ("rows.ndjson", []), ("rows.npy", named[0]), ("rows.npy", named[1]),
            ("columns.npy", named[1]), ("rows.npz", []), ("small.npz", []), ("rows.safetensors", []),
        ]  # fmt: skip

    def test_every_format_teaches_the_same_from_a_file_and_from_a_pipe(self):
        server = self.serve()
        for number, (name, options) in enumerate(self.files()):
            outcome = run("learn", f"f{number}", name, *options, "--create", "{}", server=server, directory=self.directory)
            self.assert_ends(outcome, 0, "learned 3,000 rows", "new classes: 5")
            self.assert_learned(server, f"f{number}", self.rows, self.labels)
            # Without a name the first bytes tell the format, but for tabs.
            format = ["--format", "tsv"] if name.endswith("tsv") else []
            piped = run(
                "learn", f"p{number}", *options, *format, "--create", "{}", "--batch", 700, server=server,
                directory=self.directory, data=(self.directory / name).read_bytes(),
            )
            self.assert_ends(piped, 0, "learned 3,000 rows")
            self.assert_learned(server, f"p{number}", self.rows, self.labels)

    def test_single_precision_and_integer_labels_stay_what_they_are(self):
        server = self.serve()
        rows = self.rows.astype(numpy.float32)
        labels = numpy.array([int(label[-1]) for label in self.labels])
        safetensors.numpy.save_file({"features": rows, "labels": labels}, self.directory / "s.safetensors")
        numpy.savez(self.directory / "z.npz", features=rows, labels=labels)
        for name in ("s.safetensors", "z.npz"):
            model = name[0]
            words = ["--width", 64, "--seed", 3, "--ridge", RIDGE]
            self.assert_ends(run("learn", model, name, *words, server=server, directory=self.directory))
            self.assert_learned(server, model, rows.astype(numpy.float64), labels.astype(str))

    def test_predictions_come_in_order_in_every_form(self):
        server = self.serve()
        files = self.files()
        run("learn", "m", "rows.csv", "--create", "{}", server=server, directory=self.directory)
        with Client(server) as client:
            body = {"features": self.rows.tolist(), "top": 3}
            expected = client.call("POST", "/v1/models/m/predict", body)["predictions"]
        labels = [prediction["label"] for prediction in expected]
        for name, options in files:
            words = ["predict", "m", name, *options, "--batch", 117, "--connections", 7]
            outcome = self.assert_ends(run(*words, "--output", "labels", server=server, directory=self.directory))
            self.assertEqual(outcome.output.splitlines(), labels, name)

        outcome = run("predict", "m", "rows.csv", "--top", 3, "--output", "ndjson", server=server, directory=self.directory)
        for row, (line, prediction) in enumerate(zip(outcome.output.splitlines(), expected, strict=True)):
            self.assertEqual(json.loads(line), {"row": row, "expected": self.labels[row], **prediction})
        outcome = run("predict", "m", "rows.csv", "--top", 2, server=server, directory=self.directory)
        table = list(csv.DictReader(io.StringIO(outcome.output)))
        self.assertEqual([row["label"] for row in table], labels)
        self.assertEqual([row["label_2"] for row in table], [prediction["top"][1]["label"] for prediction in expected])
        self.assertEqual([float(row["score"]) for row in table], [prediction["score"] for prediction in expected])

    def test_probabilities_are_those_of_the_service(self):
        server = self.serve()
        self.files()
        run("learn", "m", "rows.csv", "--create", "{}", "--connections", 1, server=server, directory=self.directory)
        with Client(server) as client:
            body = {"features": self.rows.tolist(), "top": 2}
            expected = client.call("POST", "/v1/models/m/predict?probability=true", body)
        self.assertIsNotNone(expected["calibration"])
        outcome = run("predict", "m", "rows.csv", "--top", 2, "--probability", server=server, directory=self.directory)
        table = list(csv.DictReader(io.StringIO(outcome.output)))
        for row, prediction in zip(table, expected["predictions"], strict=True):
            self.assertEqual(float(row["probability"]), prediction["probability"])
            self.assertEqual(float(row["probability_2"]), prediction["top"][1]["probability"])
        # A model that knows too little says none.
        run("learn", "new", "--create", "{}", server=server, data=b"1,x\n")
        outcome = self.assert_ends(run("predict", "new", "--probability", server=server, data=b"1\n"))
        self.assertRegex(outcome.output, r"^row,label,score,probability\n0,x,[0-9.]+,\n$")

    def test_what_is_too_large_for_the_server_is_told_before_it_is_sent_whole(self):
        server = self.serve("--max-body", "64K")
        self.files()
        words = ["learn", "m", "rows.npz", "--create", "{}"]
        outcome = run(*words, "--batch", 3000, server=server, directory=self.directory)
        self.assert_ends(outcome, 1, "rows 1 to 3000", "try a smaller --batch")
        self.assert_ends(run(*words, "--batch", 200, server=server, directory=self.directory))
        self.assert_learned(server, "m", self.rows, self.labels)

    def test_the_commands_of_the_manual_work(self):
        commands = "".join(text for language, text in blocks(manual_page("CommandLine")) if language == "sh")
        self.assertIn("accrue learn", commands)
        server = self.serve()
        self.files()
        (self.directory / "monday.ndjson").write_bytes(as_ndjson(self.rows, self.labels))
        environment = {**os.environ, "PATH": f"{BINARY.parent}:{os.environ['PATH']}"}
        result = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands.replace("127.0.0.1:8080", server.address)], cwd=self.directory,
            env=environment, capture_output=True, text=True, timeout=PATIENCE,
        )
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        with Client(server) as client:
            self.assertEqual(client.call("GET", "/v1/models/flowers")["samples"], 6000)
            self.assertEqual(client.call("GET", "/v1/models/copy")["samples"], 6000)

    def test_evaluation_is_that_of_numpy(self):
        server = self.serve()
        self.files()
        run("learn", "m", "rows.csv", "--create", "{}", server=server, directory=self.directory)
        words = ["predict", "m", "rows.csv", "--evaluate"]
        outcome = run(*words, "--json", "--output", "labels", server=server, directory=self.directory)
        right = numpy.array(outcome.output.splitlines()) == self.labels
        told = json.loads(outcome.errors.splitlines()[-1])
        balanced = numpy.mean([right[self.labels == label].mean() for label in sorted(set(self.labels))])
        self.assertEqual((told["rows"], told["right"], told["classes"]), (3000, int(right.sum()), CLASSES))
        self.assertAlmostEqual(told["accuracy"], right.mean(), 12)
        self.assertAlmostEqual(told["balanced_accuracy"], balanced, 12)
        self.assert_ends(run(*words, server=server, directory=self.directory), 0, "accuracy: 0.", "balanced accuracy: 0.")

    def test_labels_that_are_no_classes_are_named_before_the_accuracy(self):
        server = self.serve()
        self.assert_ends(run("learn", "m", "--create", "{}", server=server, data=b"1,0,1\n0,1,2\n"))
        outcome = run("predict", "m", "--evaluate", server=server, data=b"1,0,1.0\n0,1,2.0\n")
        self.assert_ends(outcome, 0, "labels unknown to the model: 1.0, 2.0 (2 rows")
        self.assertLess(outcome.output.index("labels unknown"), outcome.output.index("accuracy"))
        told = json.loads(run("predict", "m", "--evaluate", "--json", server=server, data=b"1,0,1.0\n0,1,2\n").output)
        self.assertEqual((told["unknown_labels"], told["unknown_rows"]), (["1.0"], 1))

    def test_gzip_is_read_from_files_and_pipes(self):
        server = self.serve()
        self.files()
        for number, (name, options) in enumerate([("rows.csv", []), ("rows.ndjson", []), ("rows.npy", ["--labels", "labels.txt"]), ("rows.npz", [])]):
            data = (self.directory / name).read_bytes()
            half = data.index(b"\n", len(data) // 2) + 1 if number < 2 else len(data)
            packed = gzip.compress(data[:half]) + gzip.compress(data[half:])
            (self.directory / f"{name}.gz").write_bytes(packed)
            outcome = run("learn", f"f{number}", f"{name}.gz", *options, "--create", "{}", server=server, directory=self.directory)
            self.assert_ends(outcome, 0, "learned 3,000 rows")
            self.assert_learned(server, f"f{number}", self.rows, self.labels)
            piped = run("learn", f"p{number}", *options, "--create", "{}", server=server, directory=self.directory, data=packed)
            self.assert_ends(piped, 0, "learned 3,000 rows")
            self.assert_learned(server, f"p{number}", self.rows, self.labels)
        cut = run("learn", "cut", "--create", "{}", server=server, data=gzip.compress(as_csv(self.rows, self.labels))[:-9])
        self.assert_ends(cut, 1, "standard input: the deflated data is truncated (at byte ")

    def test_files_of_others_are_named_and_warnings_told(self):
        server = self.serve()
        for name, data, words in [
            ("table.parquet", b"PAR1\x15\x04" + bytes(40), "is a Parquet file; Accrue reads csv"),
            ("rows.svm", b"1 1:0.5 2:1\n", "is an svmlight (libsvm) file"), ("rows.json", b'{"features": [[1]], "labels": ["a"]}', "is a JSON document"),
            ("empty.csv", b"", "is empty"), ("header.csv", b"f0,f1,label\n", "has a header, but no rows"),
            ("semicolons.csv", b"f0;f1;label\n0,1;0,9;cat\n", "separated by semicolons and have decimal commas"),
        ]:  # fmt: skip
            (self.directory / name).write_bytes(data)
            outcome = run("learn", "m", name, "--create", "{}", server=server, directory=self.directory)
            self.assert_ends(outcome, 1, name, words)
            self.assert_ends(run("models", "show", "m", server=server), 1)
        outcome = run("learn", "m", "--create", "{}", server=server, data=b",f0,f1,label\n0,0.1,0.9,cat\n1,0.8,0.2,dog\n")
        self.assert_ends(outcome, 0, "warning: standard input: column 1, which has no name, looks like row numbers")
        table = "".join(f"{row % 7},{row * 0.37:.4f}\n" for row in range(60)).encode()
        outcome = self.assert_ends(run("learn", "n", "--create", "{}", server=server, data=table))
        self.assertIn("60 rows created 60 classes whose labels are numbers", outcome.errors)

    def test_a_reader_that_goes_ends_the_predictions(self):
        server = self.serve()
        self.files()
        run("learn", "m", "rows.csv", "--create", "{}", server=server, directory=self.directory)
        command = f"{shlex.quote(str(BINARY))} predict m rows.csv --batch 1 --url http://{server.address} | head -n 2"
        result = subprocess.run(
            ["bash", "-c", command], cwd=self.directory, capture_output=True, text=True, timeout=PATIENCE
        )
        self.assertEqual(len(result.stdout.splitlines()), 2)


class StreamTests(CommandLineTests):
    """100,000 rows from a pipe."""

    @classmethod
    def setUpClass(cls):
        cls.rows, cls.labels = make_rows(ROWS)
        cls.lines = as_csv(cls.rows, cls.labels).splitlines(keepends=True)

    def stream(self, start=0, end=None):
        """The rows' lines behind the header's."""
        yield self.lines[0]
        for first in range(start + 1, end or len(self.lines), 500):
            yield b"".join(self.lines[first : min(first + 500, end or len(self.lines))])

    def wait_for_samples(self, server, count):
        """Waits until the model has that many rows; the learner is then in the middle."""
        end = time.monotonic() + PATIENCE
        with Client(server) as client:
            while time.monotonic() < end:
                try:
                    if client.call("GET", "/v1/models/m")["samples"] >= count:
                        return
                except Refused:
                    pass
                time.sleep(0.005)
        self.fail("nothing is learned")

    def held_stream(self, release, end):
        """Half of the rows, and the rest when it is released: an interruption meets a learner that waits, or works."""
        yield from self.stream(0, end)
        release.wait(PATIENCE)
        yield from (b"".join(self.lines[first : first + 500]) for first in range(end, len(self.lines), 500))

    def test_a_pipe_is_learned_in_constant_memory(self):
        server = self.serve()
        few = run("learn", "few", "--create", "{}", server=server, data=self.stream(0, 10_001))
        self.assert_ends(few, 0, "learned 10,000 rows")
        many = run("learn", "m", "--create", "{}", server=server, data=self.stream())
        self.assert_ends(many, 0, "learned 100,000 rows", "accuracy before they were learned: 0.")
        self.assert_learned(server, "m", self.rows, self.labels)
        print(f"peak memory: {few.peak >> 20} MiB for 10,000 rows, {many.peak >> 20} MiB for 100,000", file=sys.stderr)
        # Ten times the rows; 90,000 more of them would take 23 MB as numbers alone.
        self.assertLess(many.peak - few.peak, 12 << 20)
        for name, content in [("ndjson", as_ndjson), ("npz", self.as_npz)]:
            few, many = (
                run("learn", f"{name}{count}", "--create", "{}", server=server, data=content(self.rows[:count], self.labels[:count]))
                for count in (10_000, ROWS)
            )
            self.assert_ends(many, 0, "learned 100,000 rows")
            print(f"peak memory, {name}: {few.peak >> 20} MiB, then {many.peak >> 20} MiB", file=sys.stderr)
            # A spooled file's pages are the system's, and are given back as they are read.
            self.assertLess(many.peak - few.peak, (12 << 20) + (30 << 20 if name == "npz" else 0))

    @staticmethod
    def as_npz(rows, labels):
        file = io.BytesIO()
        numpy.savez(file, features=rows, labels=labels)
        return file.getvalue()

    def interrupt(self, server, *words, waits):
        """Stops a learner with Ctrl-C in the middle, and returns what it said."""
        release = threading.Event()
        learner = Run("learn", "m", "--create", "{}", *words, server=server, data=self.held_stream(release, 40_000))
        self.wait_for_samples(server, 20_000)
        if not waits:
            release.set()
        learner.process.send_signal(signal.SIGINT)
        outcome = learner.wait()
        release.set()
        self.assert_ends(outcome, 130, "interrupted", "rows are acknowledged; to continue with the same rows:")
        return outcome

    def test_ctrl_c_says_how_to_go_on_and_that_goes_on(self):
        for waits in (True, False):
            with self.subTest(waits=waits):
                server = self.serve()
                outcome = self.interrupt(server, waits=waits)
                command = shlex.split(outcome.errors.strip().splitlines()[-1])
                self.assertIn("--key", command)
                again = run(*command[1:], server=server, data=self.stream())
                self.assert_ends(again, 0, "learned 100,000 rows", "were already learned and not learned again")
                self.assert_learned(server, "m", self.rows, self.labels)

    def test_with_a_progress_file_what_is_acknowledged_is_not_sent_again(self):
        server = self.serve()
        progress = self.directory / "progress.json"
        self.interrupt(server, "--progress", progress, waits=False)
        known = json.loads(progress.read_text())["rows"]
        self.assertGreaterEqual(known, 10_000)
        again = run("learn", "m", "--progress", progress, "--json", server=server, data=self.stream())
        told = json.loads(self.assert_ends(again).output)
        self.assertEqual((told["skipped_rows"], told["rows"]), (known, ROWS - known))
        self.assert_learned(server, "m", self.rows, self.labels)
        # What is done is done, and what is appended is learned.
        done = run("learn", "m", "--progress", progress, "--json", server=server, data=self.stream())
        self.assertEqual(json.loads(self.assert_ends(done).output)["rows"], 0)
        more = run(
            "learn", "m", "--progress", progress, "--json", server=server, data=[*self.stream(), *self.lines[1:4]]
        )
        self.assertEqual(json.loads(self.assert_ends(more).output)["samples"], ROWS + 3)

    def test_a_killed_learner_goes_on_under_its_key(self):
        for words in (["--key", "night run"[:5]], ["--progress", self.directory / "progress.json"]):
            server = self.serve()
            learner = Run("learn", "m", "--create", "{}", *words, server=server, data=self.stream())
            self.wait_for_samples(server, 20_000)
            learner.process.kill()
            self.assertEqual(learner.wait().status, -signal.SIGKILL)
            self.assert_ends(run("learn", "m", *words, server=server, data=self.stream()))
            self.assert_learned(server, "m", self.rows, self.labels)

    def test_a_server_that_is_killed_and_started_again_is_waited_for(self):
        data = self.directory / "data"
        server = self.serve("--data", data)
        learner = Run("learn", "m", "--create", "{}", "--retries", 100, server=server, data=self.stream())
        self.wait_for_samples(server, 20_000)
        server.process.kill()
        server.process.wait()
        restarted = self.serve("--data", data, port=server.port)
        self.assert_ends(learner.wait(), 0, "learned 100,000 rows")
        self.assert_learned(restarted, "m", self.rows, self.labels)

    def test_a_server_and_a_learner_that_are_both_killed_lose_and_double_nothing(self):
        data = self.directory / "data"
        server = self.serve("--data", data)
        learner = Run("learn", "m", "--create", "{}", "--key", "both", server=server, data=self.stream())
        self.wait_for_samples(server, 20_000)
        server.process.kill()
        learner.process.kill()
        learner.wait()
        server.process.wait()
        restarted = self.serve("--data", data, port=server.port)
        self.assert_ends(run("learn", "m", "--key", "both", server=restarted, data=self.stream()), 0)
        self.assert_learned(restarted, "m", self.rows, self.labels)

    def test_other_rows_or_batches_under_a_key_change_nothing(self):
        server = self.serve()
        few, labels = self.rows[:5000], self.labels[:5000]
        progress = self.directory / "progress.json"
        first = as_csv(few, labels)
        words = ["learn", "m", "--create", "{}", "--key", "k"]
        self.assert_ends(run(*words, "--progress", progress, server=server, data=first))
        self.assert_ends(run(*words, "--batch", 500, server=server, data=first), 1, "or a different --batch", "rows 1 to 500")
        self.assert_ends(run(*words, server=server, data=as_csv(few[::-1], labels)), 1, "the run k had different rows")
        outcome = run(*words, "--progress", progress, server=server, data=as_csv(few[::-1], labels))
        self.assert_ends(outcome, 1, "it is not the same input")
        outcome = run(*words, "--progress", progress, server=server, data=as_csv(few[:100], labels[:100]))
        self.assert_ends(outcome, 1, "has 100 rows, but 5000 were already learned")
        self.assert_ends(run(*words, "--progress", progress, "--batch", 7, server=server, data=first), 2, "--batch 1024")
        self.assert_learned(server, "m", few, labels)
        # A model that was made anew has nothing of what the file says.
        run("models", "delete", "m", "--yes", server=server)
        self.assert_ends(run(*words, "--progress", progress, server=server, data=first), 1, "remove the file")

    def test_a_mistake_in_the_middle_is_named_and_mended(self):
        server = self.serve()
        lines = list(self.lines[:5001])
        lines[3000] = b"1,2,3\n"
        words = ["learn", "m", "--create", "{}", "--key", "k"]
        outcome = run(*words, server=server, data=lines)
        self.assert_ends(outcome, 1, "standard input, line 3001: 3 columns, expected 33", "2,048 rows are acknowledged")
        with Client(server) as client:
            self.assertEqual(client.call("GET", "/v1/models/m")["samples"], 2048)
        self.assert_ends(run(*words, server=server, data=self.lines[:5001]))
        self.assert_learned(server, "m", self.rows[:5000], self.labels[:5000])


class ServerTests(CommandLineTests):
    def test_a_snapshot_comes_back_the_same_bit_for_bit(self):
        server = self.serve()
        rows, labels = make_rows(500)
        run("learn", "m", "--create", "{}", server=server, data=as_csv(rows, labels))
        outcome = run("snapshot", "m", server=server, directory=self.directory)
        self.assert_ends(outcome, 0, "m.safetensors", "checksums verified")
        content = (self.directory / "m.safetensors").read_bytes()
        with Client(server) as client:
            self.assertEqual(content, client.send("GET", "/v1/models/m/snapshot"))
        self.assertEqual(sorted(path.name for path in self.directory.iterdir()), ["m.safetensors"])
        self.assert_ends(run("restore", "file", "m.safetensors", server=server, directory=self.directory), 0, "500 samples")
        self.assert_ends(run("restore", "pipe", "-", server=server, data=content), 0, "500 samples")
        run("snapshot", "file", "again", "--parts", "weights", server=server, directory=self.directory)
        weights = safetensors.numpy.load_file(self.directory / "again")
        self.assertEqual(weights["weight"].tobytes(), Snapshot(self.directory / "m.safetensors").tensors["weight"].tobytes())
        piped = run("predict", "pipe", "--output", "labels", server=server, data=as_csv(rows, labels))
        self.assertEqual(piped.output, run("predict", "m", "--output", "labels", server=server, data=as_csv(rows, labels)).output)
        # What is no snapshot is refused before it travels, and the old file stays where a new one does not come.
        (self.directory / "bad").write_bytes(content[:-1])
        self.assert_ends(run("restore", "file", "bad", server=server, directory=self.directory), 1, "bad is not a snapshot")
        self.assert_ends(run("snapshot", "nobody", "again", server=server, directory=self.directory), 1, "(404)")
        self.assertEqual(weights.keys(), safetensors.numpy.load_file(self.directory / "again").keys())

    def test_the_offline_form_of_restore_stays(self):
        data = self.directory / "data"
        server = self.serve("--data", data, "--keep-checkpoints", "3")
        rows, labels = make_rows(100)
        run("learn", "m", "--create", "{}", server=server, data=as_csv(rows, labels))
        with Client(server) as client:
            client.call("PATCH", "/v1/models/m", {"ridge": 2})
        self.assertEqual(server.stop(), 0)
        self.assert_ends(run("restore", data, "m", "--version", 99), 1)
        self.assert_ends(run("restore", data, "m", "--version", 0), 0, "restored to its state at version 0")
        self.assert_ends(run("restore", "m", "--data", data, "--version", 99), 1)
        self.assert_ends(run("restore", data, "m"), 1)
        self.assert_ends(run("restore", data, "m", "--version", 0, "--url", "http://h"), 2, "--url")
        self.assert_ends(run("restore", "m", "--data", data), 2, "--version is missing")

    def test_models_are_made_with_random_maps(self):
        server = self.serve()
        made = ["models", "create", "a", "--dimension", 3, "--width", 8]
        self.assert_ends(run(*made, "--activation", "cos", "--scale", "auto", "--seed", 4, "--include-input", server=server))
        config = json.loads(run("models", "show", "a", "--json", server=server).output)["config"]
        self.assertEqual(
            config["feature_map"],
            {"kind": "random", "activation": "cos", "width": 8, "seed": 4, "scale": "auto", "distribution": "normal", "include_input": True})
        self.assert_ends(run(*made, "--activation", "tanh", server=server), 2, "--activation must be")
        self.assert_ends(run(*made, "--scale", 2, server=server), 2, "are for --activation")
        self.assert_ends(run(*made, "--activation", "relu", "--scale", 0, server=server), 2, "--scale must be")
        self.assert_ends(run("models", "create", "b", "--dimension", 3, "--activation", "cos", server=server), 2, "give --width too")

    def test_models_are_listed_shown_made_and_deleted(self):
        server = self.serve()
        self.assert_ends(run("models", server=server), 0, "there are no models")
        self.assert_ends(run("models", "create", "a", "--dimension", 3, "--width", 8, server=server), 0, "random_relu")
        self.assert_ends(run("models", "create", "b", "--config", '{"dimension":2}', server=server))
        self.assert_ends(run("models", "create", "b", "--dimension", 3, server=server), 1, "a different configuration")
        self.assert_ends(run("models", "create", "c", server=server), 2, "--dimension is missing")
        self.assertEqual(run("models", "list", "--names", server=server).output, "a\nb\n")
        table = run("models", "list", server=server).output.splitlines()
        self.assertEqual((table[0].split(), len(table)), (["model", "version", "samples", "classes"], 4))
        listed = json.loads(run("models", "--json", server=server).output)["models"]
        self.assertEqual([model["name"] for model in listed], ["a", "b"])
        self.assert_ends(run("models", "show", "a", server=server), 0, "ridge")
        self.assertEqual(json.loads(run("models", "show", "a", "--json", server=server).output)["name"], "a")
        self.assert_ends(run("models", "delete", "a", server=server), 2, "--yes")
        self.assert_ends(run("models", "delete", "a", "--yes", server=server), 0, "a is deleted")
        self.assert_ends(run("models", "delete", "a", "--yes", server=server), 1, "there is no model")
        self.assert_ends(run("models", "show", "a", server=server), 1, "there is no model", "(404)")

    def at_terminal(self, server, *words):
        """A command whose input is a terminal, and the terminal's other end."""
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        command = [str(BINARY), *words, "--url", f"http://{server.address}"]
        process = subprocess.Popen(command, stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        os.close(slave)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.kill)
        return process, master

    def test_the_question_before_a_delete_can_be_interrupted(self):
        server = self.serve()
        self.assert_ends(run("models", "create", "m", "--dimension", 1, server=server))
        process, _ = self.at_terminal(server, "models", "delete", "m")
        self.assertTrue(select.select([process.stdout], [], [], PATIENCE)[0])
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(PATIENCE), 130)
        process, terminal = self.at_terminal(server, "models", "delete", "m")
        os.write(terminal, b"y\n")
        self.assertEqual(process.wait(PATIENCE), 0)
        self.assertEqual(run("models", "--names", server=server).output, "")

    def test_one_end_ends_rows_from_a_terminal(self):
        server = self.serve()
        for name, rows in [("csv", b"1,a\n2,b\n"), ("ndjson", b'{"features":[1],"label":"a"}\n')]:
            process, terminal = self.at_terminal(server, "learn", name, "--create", "{}", "--format", name)
            os.write(terminal, rows + b"\x04")
            self.assertEqual(process.wait(PATIENCE), 0, name)

    def test_a_model_is_not_made_for_rows_that_it_does_not_take(self):
        server = self.serve()
        for words in (["--dimension", 3], ["--create", '{"dimension":3}']):
            self.assert_ends(run("learn", "m", *words, server=server, data=b"1,2,x\n"), 1, "rows of 2 features, but the model takes 3")
        self.assertEqual(run("models", "--names", server=server).output, "")

    def test_progress_of_a_model_that_was_taken_back_is_refused(self):
        server = self.serve()
        progress = self.directory / "progress.json"
        self.assert_ends(run("learn", "m", "--create", "{}", server=server, data=b"1,x\n"))
        self.assert_ends(run("snapshot", "m", server=server, directory=self.directory))
        words = ["learn", "m", "--progress", progress]
        self.assert_ends(run(*words, server=server, data=b"2,x\n3,y\n"))
        self.assertEqual(json.loads(progress.read_text())["samples"], 3)
        self.assert_ends(run("restore", "m", "m.safetensors", server=server, directory=self.directory))
        self.assert_ends(run(*words, server=server, data=b"2,x\n3,y\n4,y\n"), 1, "3 samples, but it has 1", "remove the file")

    def test_a_label_is_one_line_or_refused(self):
        server = self.serve()
        self.assert_ends(run("learn", "m", "--create", "{}", server=server, data=b'1,"two\nlines"\n'), 0, "(two\\nlines)")
        self.assert_ends(run("predict", "m", "--output", "labels", server=server, data=b"1\n"), 1, "row 1", "line break")
        outcome = self.assert_ends(run("predict", "m", "--output", "ndjson", server=server, data=b"1\n"))
        self.assertEqual(json.loads(outcome.output)["label"], "two\nlines")

    def test_exit_statuses_tell_what_went_wrong(self):
        server = self.serve()
        nobody = {"ACCRUE_URL": "http://127.0.0.1:1"}
        for words in (["models"], ["learn", "m"], ["predict", "m"], ["snapshot", "m", "x"], ["models", "show", "m"]):
            self.assert_ends(run(*words, environment=nobody), 3, "127.0.0.1:1 does not answer")
        self.assert_ends(run("learn", "m", server=server, data=b"1,x\n"), 1, "there is no model", "--create")
        self.assert_ends(run("learn", "m", "--create", "{}", server=server, data=b"1,x\n"), 0)
        self.assert_ends(run("learn", "m", server=server, data=b"1,2,x\n"), 1, "rows of 2 features, but the model takes 1")
        self.assert_ends(run("learn", "m", "/nowhere/rows.csv", server=server), 1, "/nowhere/rows.csv")
        for words in (
            ["learn"], ["learn", "m", "--fly"], ["learn", "m", "--format", "xml"], ["learn", "m", "--key", "a b"],
            ["learn", "m", "--batch", "0"], ["predict", "m", "--weights", "heavy"], ["predict", "m", "--output", "xml"],
            ["models", "sell"], ["snapshot"], ["restore", "m"], ["completion", "csh"], ["learn", "m", "--url", "https://h"],
            ["learn", "m", "--header", "--no-header"],
        ):  # fmt: skip
            self.assert_ends(run(*words, server=server), 2, "accrue: ")

    def test_without_retries_a_busy_server_is_told_at_once(self):
        # A server that is there and says that it is busy.
        import http.server

        class Busy(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            asked = 0

            def do_GET(self):
                Busy.asked += 1
                body = b'{"detail": "come back"}' if Busy.asked < 3 else b'{"models": []}'
                self.send_response(503 if Busy.asked < 3 else 200)
                self.send_header("Retry-After", "0")
                # In chunks, as proxies answer.
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for piece in (body[:5], body[5:], b""):
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))

            def log_message(self, *_):
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Busy) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            environment = {"ACCRUE_URL": f"http://127.0.0.1:{server.server_port}"}
            self.assert_ends(run("models", "--retries", 0, environment=environment), 3, "come back (503)")
            self.assert_ends(run("models", environment=environment), 0, "there are no models")
            self.assertEqual(Busy.asked, 3)
            server.shutdown()

    def test_a_token_opens_what_one_is_needed_for(self):
        tokens = self.directory / "tokens"
        tokens.write_text("read reading\nwrite writing\n")
        tokens.chmod(0o600)
        server = self.serve("--token-file", tokens)
        self.assert_ends(run("models", server=server), 1, "--token-file or in ACCRUE_TOKEN")
        self.assert_ends(run("models", server=server, environment={"ACCRUE_TOKEN": "reading"}))
        self.assert_ends(run("models", "create", "m", "--dimension", 1, server=server, environment={"ACCRUE_TOKEN": "reading"}), 1)
        self.assert_ends(run("models", "create", "m", "--dimension", 1, "--token-file", tokens, server=server))

    def test_ipv6_and_names_are_addresses_too(self):
        try:
            server = self.serve("--host", "::1")
        except AssertionError:
            self.skipTest("no IPv6 here")
        self.assert_ends(run("models", "--url", f"http://[::1]:{server.port}"))
        local = self.serve()
        self.assert_ends(run("models", "--url", f"http://localhost:{local.port}/"))


class CompletionTests(CommandLineTests):
    def complete(self, line, server=None):
        """What bash offers for a line, whose last word is being typed."""
        words = line.split(" ")
        quoted = " ".join(map(shlex.quote, words))
        program = f"""
            set -eu
            PATH={shlex.quote(str(BINARY.parent))}:$PATH
            source <(accrue completion bash)
            COMP_LINE={shlex.quote(line)}; COMP_POINT={len(line)}
            COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _accrue 2>/dev/null || true
            printf '%s\\n' "${{COMPREPLY[@]}}"
            """
        environment = {**os.environ, "ACCRUE_URL": f"http://{server.address}" if server else "http://127.0.0.1:1"}
        result = subprocess.run(
            ["bash", "-c", program], capture_output=True, text=True, timeout=PATIENCE, cwd=self.directory, env=environment
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout.split("\n")[:-1]

    def test_bash_completes_commands_options_choices_files_and_models(self):
        self.assertEqual(self.complete("accrue le"), ["learn"])
        self.assertEqual(self.complete("accrue res"), ["restore"])
        self.assertEqual(self.complete("accrue learn --lab"), ["--labels", "--label-column"])
        self.assertEqual(self.complete("accrue learn m --format n"), ["ndjson", "npy", "npz"])
        self.assertEqual(self.complete("accrue predict m --weights "), ["plain", "balanced"])
        self.assertEqual(self.complete("accrue models d"), ["delete"])
        self.assertEqual(self.complete("accrue bench en"), ["engine"])
        self.assertEqual(self.complete("accrue completion f"), ["fish"])
        self.assertEqual(self.complete("accrue help se"), ["serve"])
        (self.directory / "rows.csv").touch()
        self.assertEqual(self.complete("accrue learn --batch 7 m ro"), ["rows.csv"])
        with RunningServer() as server:
            run("models", "create", "fruit", "--dimension", 1, server=server)
            self.assertEqual(self.complete("accrue learn --batch 7 ", server), ["fruit"])
            self.assertEqual(self.complete("accrue models show f", server), ["fruit"])

    def type(self, line):
        """The words that a command gets of a line that is typed, with tabs in it, at an interactive bash."""
        master, slave = pty.openpty()
        environment = {**os.environ, "PATH": f"{BINARY.parent}:{os.environ['PATH']}", "TERM": "dumb", "PS1": "", "INPUTRC": "/dev/null"}
        setup = f"source <({BINARY} completion bash); accrue() {{ printf '<%s>' \"$@\"; printf ' %s\\n' \"done.\"; }}\n"
        shell = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "-i"], stdin=slave, stdout=slave, stderr=slave, cwd=self.directory, env=environment,
            start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        try:
            os.write(master, (setup + f"accrue {line}\n").encode())
            seen = b""
            while not (found := re.search(rb"((?:<[^<>]*>)+) done\.", seen)):
                ready, _, _ = select.select([master], [], [], PATIENCE)
                self.assertTrue(ready, seen)
                seen += os.read(master, 4096)
            return re.findall(r"<([^<>]*)>", found[1].decode())
        finally:
            shell.kill()
            shell.wait()
            os.close(master)

    def test_words_are_those_of_the_user_though_readline_cuts_them_elsewhere(self):
        for name in ("two words.csv", "a:b.csv", "plain.csv"):
            (self.directory / name).touch()
        for line, words in [
            ("learn m --format=nd\t", ["learn", "m", "--format=ndjson"]),
            ("learn --url http://h:1 m pl\t", ["learn", "--url", "http://h:1", "m", "plain.csv"]),
            ("predict --url=http://h:1 --wei\t ba\t", ["predict", "--url=http://h:1", "--weights", "balanced"]),
            ("learn m tw\t", ["learn", "m", "two words.csv"]), ("learn m two\\ w\t", ["learn", "m", "two words.csv"]),
            ("learn m a:\t", ["learn", "m", "a:b.csv"]), ("learn m --labels=pl\t", ["learn", "m", "--labels=plain.csv"]),
        ]:  # fmt: skip
            self.assertEqual(self.type(line), words, line)

    def test_every_option_of_every_command_is_in_every_script(self):
        commands = subprocess.run([BINARY, "--help"], check=True, capture_output=True, text=True).stdout
        names = [line.split()[0] for line in commands.splitlines() if line.startswith("  ") and not line.startswith("  accrue")]
        self.assertIn("learn", names)
        for shell in ("bash", "zsh", "fish"):
            script = run("completion", shell).output
            for name in names:
                self.assertIn(name, script)
                text = subprocess.run([BINARY, name, "--help"], check=True, capture_output=True, text=True).stdout
                for line in text.splitlines():
                    if line.startswith("  --"):
                        option = line.split()[0]
                        self.assertIn(f"-l {option[2:]} " if shell == "fish" else option, script, f"{name} in {shell}")

    def test_shells_that_are_there_take_their_script(self):
        for shell in ("bash", "zsh", "fish"):
            if shutil.which(shell):
                script = run("completion", shell).output
                subprocess.run([shell, "-n"], input=script, text=True, check=True, timeout=PATIENCE)


if __name__ == "__main__":
    unittest.main()
