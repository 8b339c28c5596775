"""What the manual, the other pages and Config/ say, held against the program: commands are run, tables are compared."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
import unittest

from pages import CATALOGUES, MANUAL, all_pages, blocks, broken_links, headings, links, manual_page, rows, section
from running_server import BINARY, PATIENCE, REPOSITORY, Client, RunningServer
from walk import walk

CONFIGURATION = REPOSITORY / "Config" / "accrue.json"
# What the README and all pages say together.
TEXT = "\n".join(page.read_text() for page in all_pages())


def help_options(command):
    """The options of a command as `--help` gives them: a title (`--port N`) and a text."""
    text = subprocess.run([BINARY, command, "--help"], check=True, capture_output=True, text=True).stdout
    return dict(re.findall(r"^  (--\S+(?: \S+)*)  +(\S.*)$", text, re.M))


class WalkTests(unittest.TestCase):
    def test_learning_and_predicting_answer_as_shown(self):
        with RunningServer() as server, tempfile.TemporaryDirectory() as directory:
            for name, least in (("Learning", 4), ("Predicting", 1), ("Snapshots", 0)):
                commands, answers, _ = walk(self, manual_page(name), server, directory)
                self.assertGreaterEqual(commands, 1, name)
                self.assertGreaterEqual(answers, least, name)

    def test_an_error_is_the_one_shown(self):
        (shown,) = [json.loads(text) for language, text in blocks(manual_page("Calls")) if language == "json"]
        with RunningServer() as server, Client(server) as client:
            client.call("PUT", "/v1/models/fruit", {"dimension": 3})
            client.connection.request("POST", "/v1/models/fruit/learn", '{"features": [[0.7, 0.3]], "labels": ["apple"]}')
            answer = client.connection.getresponse()
            self.assertEqual((answer.status, json.loads(answer.read())), (shown["status"], shown))

    def test_a_configuration_shown_is_one_that_a_model_takes(self):
        (shown,) = [text for language, text in blocks(manual_page("RareClasses")) if language == "json"]
        with RunningServer() as server, Client(server) as client:
            client.call("PUT", "/v1/models/rare", json.loads(shown))


class MemoryTests(unittest.TestCase):
    @staticmethod
    def doubles(d, D, C, r, is_mapped, is_balanced, a):
        """What the manual says that a model takes at rest, in numbers of eight bytes."""
        rest = D * D / 2 + C * D if D <= 1024 else 0
        rest += 4 * C * C if C <= 1024 else 0
        rest += 1.5 * d * D if is_mapped else 0
        rest += 1.5 * C * D if is_balanced else 0
        rest += C * D * (D + 1) / 2 if r == "exact" else 2 * r * (C + 1) * D + 12 * r * r
        return D * D + a * D + C * (2.5 * D + 3 * d) + rest

    @staticmethod
    def at_rest(client, path):
        """What a model takes once its buffers are returned."""
        learning = told = client.call("GET", path)["memory_bytes"]
        end = time.monotonic() + PATIENCE
        while told == learning and time.monotonic() < end:
            time.sleep(0.05)
            told = client.call("GET", path)["memory_bytes"]
        return learning, told

    def test_a_model_takes_what_the_formula_says(self):
        text = section(manual_page("Sizing"), "Memory")
        for part in ("8·(D² + a·D + C·(2.5·D + 3·d))", "8 to 16", "8·(b·D + C·D/2)", "from 40 to 1,050", "D²/2 + C·D up to D = 1,024", "1.5·d·D",
                     "1.5·C·D", "3·C·D + 3·C² + 54·C", "2r·(C + 1)·D + 12r²"):  # fmt: skip
            self.assertIn(part, text)
        balanced = {"imbalance": {"kind": "reweight"}}
        configurations = [
            (64, None, {}), (384, None, {}), (1024, None, {}), (1200, None, {}), (2048, None, {}), (64, 1024, {}), (384, 2048, {}),
            (384, 512, {"imbalance": {"kind": "pseudo_features"}}), (16, 1536, balanced), (16, 700, {**balanced, "sketch_rank": "exact"}),
        ]  # fmt: skip
        with RunningServer() as server, Client(server) as client:
            for number, (d, width, more) in enumerate(configurations):
                path, D, C = f"/v1/models/m{number}", width or d, 5
                mapped = {"feature_map": {"kind": "random_relu", "width": width}} if width else {}
                client.call("PUT", path, {"dimension": d, **mapped, **more})
                client.call("POST", path + "/learn", {"features": [[1.0] * d] * C, "labels": list(range(C))})
                learning, told = self.at_rest(client, path)
                rank = more.get("sketch_rank", 16 if more == balanced else 0)
                # Rows that wait beside the square are few here.
                least, most = (8 * self.doubles(d, D, C, rank, width, more, a) for a in (8, (16 if D >= 256 else 80) + 2 * C))
                self.assertTrue(least <= told <= most, f"{d} {width} {more}: {told} is not from {least} to {most}")
                least, most = (8 * (b * D + C * D / 2) for b in (40, 1060))
                self.assertTrue(least <= learning - told <= most, f"{d} {width} {more}: {learning - told} is not from {least} to {most}")
                client.send("DELETE", path)
            sizes = re.findall(r"\((\d+) MB at (?:D = )?([\d,]*\d)", text)
            self.assertGreaterEqual(len(sizes), 2)
            for megabytes, D in sizes:
                (megabytes, D) = (int(megabytes), int(D.replace(",", "")))
                client.call("PUT", "/v1/models/large", {"dimension": D})
                self.assertEqual(round(client.call("GET", "/v1/models/large")["memory_bytes"] / 1e6), megabytes)
                client.send("DELETE", "/v1/models/large")

    def test_the_process_takes_what_its_models_say(self):
        def resident(server):
            status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
            return int(re.search(r"^RssAnon:\s+(\d+) kB", status, re.M)[1]) * 1024

        for d, width in ((1024, None), (2048, None), (384, 1024), (384, 2048)):
            mapped = {"feature_map": {"kind": "random_relu", "width": width}} if width else {}
            rows = [[(row * 7 + place * place) % 31 / 31 for place in range(d)] for row in range(64)]
            body = {"features": rows, "labels": [row % 10 for row in range(64)]}
            with RunningServer() as server, Client(server) as client:
                grown = []
                # The first ones also take what the process needs anyway, on each of its threads.
                for number in range(5):
                    path = f"/v1/models/m{number}"
                    before = resident(server)
                    client.call("PUT", path, {"dimension": d, **mapped})
                    for _ in range(10):
                        client.call("POST", path + "/learn", body)
                    _, told = self.at_rest(client, path)
                    grown.append(resident(server) - before)
                self.assertLess(abs((grown[3] + grown[4]) / 2 / told - 1), 0.1, f"{d} {width}: {grown}, told {told}")

    def test_a_burst_of_large_requests_leaves_nothing(self):
        rows = [[(row * 7 + place * place) % 31 / 31 for place in range(512)] for row in range(4000)]
        body = {"features": rows, "labels": [row % 10 for row in range(4000)]}
        with RunningServer() as server, Client(server) as client:
            for number in range(3):
                client.call("PUT", f"/v1/models/m{number}", {"dimension": 512})
                client.call("POST", f"/v1/models/m{number}/learn", body)
            told = sum(self.at_rest(client, f"/v1/models/m{number}")[1] for number in range(3))
            status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
            held = int(re.search(r"^RssAnon:\s+(\d+) kB", status, re.M)[1]) * 1024
            # Each request has 16 MB of numbers.
            self.assertLess(held - told, 24e6)


class TablesTests(unittest.TestCase):
    def test_the_calls_in_the_table_are_those_that_the_service_has(self):
        calls = re.findall(r"`([A-Z]+) (/\S*)`", "\n".join(row[0] for row in rows(section(manual_page("Calls"), "Table of calls"))))
        self.assertGreaterEqual(len(calls), 10)
        with RunningServer() as server, Client(server) as client:
            for method, path in calls:
                client.connection.request("OPTIONS", re.sub(r"\{\w+\}", "name", path).split("?")[0])
                answer = client.connection.getresponse()
                answer.read()
                allowed = (answer.getheader("Allow") or "").split(", ")
                self.assertIn(method, allowed, f"{method} {path}")
            paths = client.call("GET", "/openapi.json")["paths"]
            known = {(method.upper(), path) for path, methods in paths.items() for method in methods if path.startswith("/v1")}
            self.assertEqual({call for call in calls if call[1].startswith("/v1")}, known)

    def test_the_options_of_serve_are_those_of_its_help(self):
        table = {row[0].strip("`"): row for row in self.options()}
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
        table = {row[1].strip("`"): row[2] for row in self.options()}
        self.assertEqual(list(configuration), list(table))
        for key, value in configuration.items():
            # What depends on the machine or on other settings, and what is unset, is null.
            if value is None:
                self.assertRegex(table[key], "^$|^none|machine|cores|TMPDIR|on loopback", key)
            else:
                self.assertEqual(json.dumps(value).strip('"'), table[key], key)

    @staticmethod
    def options():
        """The rows of the table of serve's options."""
        return [row for row in rows(section(manual_page("Configuration"), "The server")) if row[0].startswith("`--")]

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
        code = "\n".join([text for _, text in blocks(TEXT)] + re.findall(r"`([^`\n]+)`", TEXT))
        used = re.findall(r"\baccrue ([a-z]+)((?: [^\n|&;]*)?)$", code, re.M)
        self.assertTrue(used)
        commands = subprocess.run([BINARY, "--help"], check=True, capture_output=True, text=True).stdout
        for command, rest in used:
            self.assertRegex(commands, rf"(?m)^  {command} ", f"accrue {command}")
            known = {title.split()[0] for title in help_options(command)}
            for option in re.findall(r"(?<!\S)--[a-z-]+", rest):
                self.assertIn(option, known, f"accrue {command}{rest}")
        for option in re.findall(r"`(--max-[a-z]+)", TEXT):
            self.assertIn(option, {title.split()[0] for title in help_options("serve")})

    def test_the_keys_of_a_model_and_their_defaults_are_those_of_the_service(self):
        table = {row[0].strip("`"): row[1].strip("`") for row in rows(section(manual_page("Configuration"), "A model")) if len(row) == 3}
        with RunningServer() as server, Client(server) as client:
            configuration = client.call("PUT", "/v1/models/m", {"dimension": 2})["config"]
        self.assertEqual([key for key in table if key in configuration], list(configuration))
        self.assertEqual(json.loads(table["feature_map"]), configuration["feature_map"])
        self.assertEqual(json.loads(table["imbalance"]), configuration["imbalance"])
        self.assertEqual(float(table["ridge"]), configuration["ridge"])

    def test_every_metric_named_exists(self):
        with RunningServer() as server, Client(server) as client:
            client.call("PUT", "/v1/models/m", {"dimension": 2})
            metrics = client.send("GET", "/metrics").decode()
        for name in re.findall(r"`(accrue_[a-z_]+[a-z])`", TEXT):
            self.assertIn(f"# HELP {name} ", metrics)


    def test_the_table_of_targets_says_what_the_package_says(self):
        package = (REPOSITORY / "Package.swift").read_text()
        targets = re.findall(r'\.(?:systemLibrary|target|executableTarget)\(\s*name: "(\w+)"(?:, dependencies: \[([^\]]*)\]|,\s*dependencies: \[([^\]]*)\])?', package)
        declared = {name: re.findall(r"\w+", one + other) for name, one, other in targets if name not in ("StorageTestSupport", "DirectSolutions")}
        table = rows(section((REPOSITORY / ".github" / "CONTRIBUTING.md").read_text(), "Where things are"))[1:]
        told = {}
        for names, text in table:
            for name in re.findall(r"`(\w+)`", names):
                told[name] = re.findall(r"`(\w+)`", text.partition("Imports ")[2])
        self.assertEqual(told, declared)


class FormTests(unittest.TestCase):
    def test_every_link_leads_somewhere(self):
        for page in all_pages():
            self.assertEqual(broken_links(page), [], page)

    def test_every_catalogue_has_a_page_of_its_name_that_leads_to_all_others(self):
        self.assertIn(MANUAL, CATALOGUES)
        for catalogue in CATALOGUES:
            first = catalogue / f"{catalogue.stem}.md"
            others = {page.name for page in catalogue.glob("*.md")} - {first.name}
            self.assertLessEqual(others, {target for target in links(first.read_text())}, catalogue.name)

    def test_every_page_begins_with_a_title_and_a_line_about_it(self):
        for catalogue in CATALOGUES:
            for page in catalogue.glob("*.md"):
                self.assertRegex(page.read_text(), r"^# \S[^\n]*\n\n(?!```)[^#\n|-]", page.name)
                titles = headings(page.read_text()).values()
                self.assertEqual(len(titles), len(set(titles)), page.name)


@unittest.skipIf("ACCRUE_QUICK" in os.environ, "builds a package")
class EmbeddingTests(unittest.TestCase):
    """Programs of another package, which see no more than users do."""

    def test_the_swift_examples_compile_and_print_what_is_shown(self):
        (_, manifest), (_, program), (_, expected) = blocks(manual_page("Embedding"))
        [(_, kept)] = blocks((REPOSITORY / "Sources" / "ModelHost" / "ModelHost.docc" / "ModelHost.md").read_text())
        package = REPOSITORY / ".build-example"
        manifest = manifest.replace('"../accrue"', json.dumps(str(REPOSITORY)))
        target = '        .executableTarget(name: "kept", dependencies: [.product(name: "ModelHost", package: "accrue")]),\n'
        manifest = manifest.replace("    targets: [\n", "    targets: [\n" + target)
        self.assertIn("kept", manifest)
        kept = f"import AnalyticLearning\nimport ModelHost\n\nlet path = CommandLine.arguments[1]\n{kept}"
        for name, text in (("example", program), ("kept", kept)):
            source = package / "Sources" / name / "main.swift"
            source.parent.mkdir(parents=True, exist_ok=True)
            source.write_text(text)
        (package / "Package.swift").write_text(manifest)
        with tempfile.TemporaryDirectory() as directory:
            self.assertEqual(self.run_program(package, "example"), expected)
            self.assertEqual(self.run_program(package, "kept", directory), "learned 3 rows of 2 classes\napple\npear\nstill 3 rows\n")
            # What it has learned lies in the directory.
            self.assertEqual(self.run_program(package, "kept", directory), "learned 3 rows of 2 classes\napple\npear\nstill 3 rows\n")

    def run_program(self, package, *arguments):
        result = subprocess.run(
            ["swift", "run", "--quiet", *arguments], cwd=package, capture_output=True, text=True, timeout=1200)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout


if __name__ == "__main__":
    unittest.main()
