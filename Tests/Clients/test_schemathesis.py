"""Thousands of requests made from `/openapi.json`, good and bad ones, and every answer held against it (schemathesis, all checks)."""

import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from running_server import Client, RunningServer

FULL = "ACCRUE_FULL" in os.environ
TOKEN = "schemathesis-" + "w" * 20
# Streams do not end, and schemathesis waits for the end of an answer.
ENDLESS = ["events"]
# It leaves out the document that it has read already.
UNASKED = ["document"]


class SchemathesisTests(unittest.TestCase):
    def test_no_generated_request_finds_a_fault(self):
        with tempfile.TemporaryDirectory() as directory, self.serve(directory) as server:
            with Client(server) as client:
                operations = self.operations(client.call("GET", "/openapi.json"))
            result = self.run_schemathesis(server, directory)
            output = re.sub(r"[^\x20-\x7e\n]", "?", result.stdout)
            self.assertEqual(result.returncode, 0, output)
            report = next(pathlib.Path(directory).glob("ndjson-*.ndjson"))
            answers, failures = self.read(report)
            self.assertEqual(failures, [])
            total = sum(sum(counts.values()) for counts in answers.values())
            print(f"schemathesis: {total} cases over {len(operations)} operations", file=sys.stderr)
            self.assertGreaterEqual(total, 2000)
            # A run in which nothing succeeds would show little.
            for operation in operations:
                self.assertTrue(any(200 <= status < 300 for status in answers[operation]), f"{operation}: {answers[operation]}")
            with Client(server) as client:
                self.assertEqual(client.call("GET", "/healthz"), {"live": True})

    @staticmethod
    def serve(directory):
        """With tokens, so that it is seen as well whether calls without them are refused."""
        tokens = pathlib.Path(directory) / "tokens"
        tokens.write_text(f"write {TOKEN}\n")
        tokens.chmod(0o600)
        return RunningServer("--max-memory", "1G", "--token-file", str(tokens))

    @staticmethod
    def operations(document):
        return [
            f"{method.upper()} {path}"
            for path, item in document["paths"].items()
            for method, operation in item.items()
            # One that is there to be refused never succeeds.
            if operation["operationId"] not in ENDLESS + UNASKED and min(operation["responses"]) < "400"
        ]

    @staticmethod
    def run_schemathesis(server, directory):
        here = pathlib.Path(__file__).resolve().parent
        environment = {
            **os.environ,
            "ACCRUE_ADDRESS": server.address,
            "ACCRUE_TOKEN": TOKEN,
            "SCHEMATHESIS_HOOKS": "schemathesis_hooks",
            "PYTHONPATH": str(here),
            "no_proxy": server.host,
        }
        command = [
            str(pathlib.Path(sys.executable).parent / "schemathesis"),
            *("--no-color", "run", f"http://{server.address}/openapi.json", "--checks", "all", "--continue-on-failure"),
            *("--seed", "1", "--generation-deterministic", "--output-sanitize", "false"),
            *("--header", f"Authorization: Bearer {TOKEN}"),
            *("--request-timeout", "600", "--suppress-health-check", "too_slow"),
            *("--max-examples", "1000" if FULL else "100", "--report", "ndjson", "--report-dir", directory),
        ]
        for name in ENDLESS:
            command += ["--exclude-operation-id", name]
        return subprocess.run(
            command, cwd=directory, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=14400
        )

    @staticmethod
    def read(report):
        """The statuses that each operation answered with, and the checks that failed."""
        answers = collections.defaultdict(collections.Counter)
        failures = []
        for line in report.read_text().splitlines():
            scenario = json.loads(line).get("ScenarioFinished")
            if scenario is None:
                continue
            recorder = scenario["recorder"]
            for name, interaction in recorder.get("interactions", {}).items():
                case = recorder["cases"][name]["value"]
                if interaction["response"] is not None:
                    answers[f"{case['method']} {case['path']}"][interaction["response"]["status_code"]] += 1
            for name, checks in recorder.get("checks", {}).items():
                failures += [(check["name"], name) for check in checks if check["status"] not in ("success", "skip")]
        return answers, failures


if __name__ == "__main__":
    unittest.main()
