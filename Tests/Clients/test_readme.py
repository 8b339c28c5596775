"""What the README says, held against the program: its commands are run, and its answers compared."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

from pages import README, blocks, broken_links, manual_page, rows, section
from running_server import PATIENCE, RunningServer
from walk import walk

TEXT = README.read_text()


class WalkTests(unittest.TestCase):
    def test_every_call_of_the_walk_answers_as_shown_and_python_predicts_the_same(self):
        with RunningServer() as server, tempfile.TemporaryDirectory() as directory:
            commands, answers, answer = walk(self, section(TEXT, "A walk with curl"), server, directory)
            self.assertGreaterEqual(commands, 6)
            self.assertGreaterEqual(answers, 5)
            predicted = json.loads(answer)["predictions"][0]["label"]

            (program, expected) = blocks(section(manual_page("Snapshots"), "Two matrix products"))
            self.assertEqual((program[0], expected[0]), ("python", "text"))
            result = subprocess.run(
                [sys.executable, "-c", program[1]], cwd=directory, capture_output=True, text=True, timeout=PATIENCE
            )
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertEqual(result.stdout, expected[1])
            self.assertEqual(result.stdout.strip(), predicted)

    def test_the_program_prints_what_is_shown(self):
        (program, expected) = [block for block in blocks(section(TEXT, "From Python")) if block[0] in ("python", "text")]
        self.assertEqual((program[0], expected[0]), ("python", "text"))
        with RunningServer() as server:
            text = program[1].replace("127.0.0.1:8080", server.address)
            result = subprocess.run(
                [sys.executable, "-c", text], env={**os.environ, "no_proxy": "127.0.0.1"}, capture_output=True, text=True,
                timeout=PATIENCE,
            )  # fmt: skip
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(result.stdout, expected[1])


class FormTests(unittest.TestCase):
    def test_it_is_short(self):
        self.assertLessEqual(len(TEXT.splitlines()), 170)

    def test_every_link_leads_somewhere(self):
        self.assertEqual(broken_links(README), [])

    def test_its_comparison_is_that_of_the_manual(self):
        table = [row for row in rows(TEXT) if row[1].startswith(".")]
        self.assertEqual(len(table), 5)
        self.assertEqual(table, [row for row in rows(section(manual_page("Benchmarks"), "Against other ways")) if row[1].startswith(".")])


if __name__ == "__main__":
    unittest.main()
