"""What the README and Config/ say, held against the program: commands are run, tables are compared."""

import json
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from running_server import BINARY, PATIENCE, REPOSITORY, Client, RunningServer

README = (REPOSITORY / "README.md").read_text()
CONFIGURATION = REPOSITORY / "Config" / "accrue.json"


def section(title):
    """The text under a heading, up to the next heading of the same level."""
    match = re.search(rf"^## {re.escape(title)}[^\n]*\n(.*?)(?=^## |\Z)", README, re.M | re.S)
    assert match, f"the README has no section {title!r}"
    return match[1]


def blocks(text):
    """The fenced blocks of a text: pairs of language and content."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.M | re.S)


def rows(text):
    """The rows of the tables in a text, as lists of cells."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return [row for row in cells if not set(row[0]) <= set("-: ")]


def help_options(command):
    """The options of a command as `--help` gives them: a title (`--port N`) and a text."""
    text = subprocess.run([BINARY, command, "--help"], check=True, capture_output=True, text=True).stdout
    return dict(re.findall(r"^  (--\S+(?: \S+)*)  +(\S.*)$", text, re.M))


def is_within(shown, real):
    """Whether a real answer says all that the README shows; numbers may differ in their last digits."""
    if isinstance(shown, dict):
        return isinstance(real, dict) and all(key in real and is_within(value, real[key]) for key, value in shown.items())
    if isinstance(shown, list):
        return isinstance(real, list) and len(shown) == len(real) and all(map(is_within, shown, real))
    if isinstance(shown, float):
        return isinstance(real, (int, float)) and math.isclose(shown, real, rel_tol=1e-5, abs_tol=1e-9)
    return type(shown) is type(real) and shown == real


class WalkTests(unittest.TestCase):
    def test_every_call_of_the_walk_answers_as_shown_and_python_predicts_the_same(self):
        with RunningServer() as server, tempfile.TemporaryDirectory() as directory:
            commands = 0
            answer = ""
            for language, text in blocks(section("A walk with curl")):
                if language == "json":
                    self.assertTrue(is_within(json.loads(text), json.loads(answer)), f"shown {text}, answered {answer}")
                elif text.startswith("curl"):
                    commands += 1
                    answer = self.run_curl(text.replace("127.0.0.1:8080", server.address), directory)
            self.assertGreaterEqual(commands, 6)
            predicted = json.loads(answer)["predictions"][0]["label"]

            (program, expected) = blocks(section("Without the service"))
            self.assertEqual((program[0], expected[0]), ("python", "text"))
            result = subprocess.run(
                [sys.executable, "-c", program[1]], cwd=directory, capture_output=True, text=True, timeout=PATIENCE
            )
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertEqual(result.stdout, expected[1])
            self.assertEqual(result.stdout.strip(), predicted)

    def run_curl(self, text, directory):
        """Runs a block with a curl that also reports each status; all must be 2xx."""
        tools = pathlib.Path(directory) / "tools"
        tools.mkdir(exist_ok=True)
        statuses = pathlib.Path(directory) / "statuses"
        wrapper = tools / "curl"
        wrapper.write_text(
            f'#!/bin/sh\nexec {shutil.which("curl")} -sS -w "%{{stderr}}%{{http_code}}\\n" "$@" 2>>"{statuses}"\n'
        )
        wrapper.chmod(0o755)
        statuses.write_text("")
        environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}
        # A proxy has no business between this machine and itself.
        environment["no_proxy"] = "127.0.0.1"
        result = subprocess.run(
            ["bash", "-eu", "-c", text], cwd=directory, env=environment, capture_output=True, text=True, timeout=PATIENCE
        )
        for status in statuses.read_text().splitlines():
            self.assertRegex(status, r"^2\d\d$", f"{text}\n{result.stdout}")
        self.assertEqual((result.returncode, result.stderr), (0, ""), text)
        return result.stdout


class TablesTests(unittest.TestCase):
    def test_every_call_in_the_table_is_one_the_service_has(self):
        calls = re.findall(r"`([A-Z]+) (/\S*)`", "\n".join(row[0] for row in rows(section("The calls"))))
        self.assertGreaterEqual(len(calls), 10)
        with RunningServer() as server, Client(server) as client:
            for method, path in calls:
                client.connection.request("OPTIONS", re.sub(r"\{\w+\}", "name", path).split("?")[0])
                answer = client.connection.getresponse()
                answer.read()
                allowed = (answer.getheader("Allow") or "").split(", ")
                self.assertIn(method, allowed, f"{method} {path}")

    def test_the_options_of_serve_are_those_of_its_help(self):
        table = {row[0].strip("`"): row for row in rows(section("Running the service")) if row[0].startswith("`--")}
        options = help_options("serve")
        del options["--config FILE"]
        self.assertEqual(sorted(table), sorted(options))
        for option, text in options.items():
            default = re.search(r"\(([^()]*)\)$", text)
            _, key, shown, _ = table[option]
            self.assertEqual(key.strip("`"), option.split()[0][2:].replace("-", "_"))
            # A flag is off, and an option without a default is unset.
            self.assertEqual(shown, default[1] if default else "" if " " in option else "false", option)

    def test_the_configuration_file_has_every_key_with_its_default(self):
        configuration = json.loads(CONFIGURATION.read_text())
        table = {row[1].strip("`"): row[2] for row in rows(section("Running the service")) if row[0].startswith("`--")}
        self.assertEqual(list(configuration), list(table))
        for key, value in configuration.items():
            # What depends on the machine or on other settings, and what is unset, is null.
            if value is None:
                self.assertRegex(table[key], "^$|^none|machine|cores|TMPDIR|on loopback", key)
            else:
                self.assertEqual(json.dumps(value).strip('"'), table[key], key)

    def test_the_configuration_file_is_one_that_serve_takes(self):
        with RunningServer("--config", CONFIGURATION) as server, Client(server) as client:
            self.assertEqual(client.call("GET", "/readyz"), {"live": True, "ready": True})
            self.assertEqual(server.stop(), 0)

    def test_an_unknown_key_is_refused_even_when_null(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write('{"port": 0, "prot": null}')
            file.flush()
            result = subprocess.run(
                [BINARY, "serve", "--config", file.name], capture_output=True, text=True, timeout=PATIENCE
            )
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn('"prot"', result.stderr)

    def test_every_option_of_accrue_in_a_command_exists(self):
        code = "\n".join([text for _, text in blocks(README)] + re.findall(r"`([^`\n]+)`", README))
        used = re.findall(r"\baccrue ([a-z]+)((?: [^\n|&;]*)?)$", code, re.M)
        self.assertTrue(used)
        commands = subprocess.run([BINARY, "--help"], check=True, capture_output=True, text=True).stdout
        for command, rest in used:
            self.assertRegex(commands, rf"(?m)^  {command} ", f"accrue {command}")
            known = {title.split()[0] for title in help_options(command)}
            for option in re.findall(r"(?<!\S)--[a-z-]+", rest):
                self.assertIn(option, known, f"accrue {command}{rest}")
        for option in re.findall(r"`(--max-[a-z]+)", README):
            self.assertIn(option, {title.split()[0] for title in help_options("serve")})

    def test_every_file_it_links_to_exists(self):
        for target in re.findall(r"\]\(([^)#:]+)\)", README):
            self.assertTrue((REPOSITORY / target).exists(), target)
        headings = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in re.findall(r"^##+ (.*)$", README, re.M)}
        for anchor in re.findall(r"\]\(#([^)]+)\)", README):
            self.assertIn(anchor, headings)


@unittest.skipIf("ACCRUE_QUICK" in os.environ, "builds a package")
class EmbeddingTests(unittest.TestCase):
    def test_the_swift_example_compiles_and_prints_what_is_shown(self):
        (_, manifest), (_, program), (_, expected) = blocks(section("In a Swift program"))
        package = REPOSITORY / ".build-example"
        source = package / "Sources" / "example" / "main.swift"
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text(program)
        (package / "Package.swift").write_text(manifest.replace('"../accrue"', json.dumps(str(REPOSITORY))))
        result = subprocess.run(["swift", "run", "--quiet"], cwd=package, capture_output=True, text=True, timeout=1200)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertEqual(result.stdout, expected)


if __name__ == "__main__":
    unittest.main()
