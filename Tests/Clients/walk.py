"""Walks through a text: its curl commands are run in order, and each answer must say all that the text shows."""

import json
import math
import os
import pathlib
import shutil
import subprocess

from pages import blocks
from running_server import PATIENCE


def is_within(shown, real):
    """Whether a real answer says all that a text shows; numbers may differ in their last digits."""
    if isinstance(shown, dict):
        return isinstance(real, dict) and all(key in real and is_within(value, real[key]) for key, value in shown.items())
    if isinstance(shown, list):
        return isinstance(real, list) and len(shown) == len(real) and all(map(is_within, shown, real))
    if isinstance(shown, float):
        return isinstance(real, (int, float)) and math.isclose(shown, real, rel_tol=1e-5, abs_tol=1e-9)
    return type(shown) is type(real) and shown == real


def walk(test, text, server, directory):
    """Runs a text's commands; returns how many there were, how many answers were shown, and the last answer."""
    commands = answers = 0
    answer = ""
    for language, block in blocks(text):
        if language == "json":
            answers += 1
            test.assertTrue(is_within(json.loads(block), json.loads(answer)), f"shown {block}, answered {answer}")
        elif block.startswith("curl"):
            commands += block.count("curl ")
            answer = run_curl(test, block.replace("127.0.0.1:8080", server.address), directory)
    return commands, answers, answer


def run_curl(test, text, directory):
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
        test.assertRegex(status, r"^2\d\d$", f"{text}\n{result.stdout}")
    test.assertEqual((result.returncode, result.stderr), (0, ""), text)
    return result.stdout
