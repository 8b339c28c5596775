"""The service as users run it: the release binary in a process of its own, asked over HTTP."""

import http.client
import json
import os
import pathlib
import re
import select
import signal
import subprocess
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("ACCRUE", REPOSITORY / ".build" / "release" / "accrue"))
DIGITS = REPOSITORY / "Tests" / "AnalyticLearningTests" / "Vectors" / "digits.safetensors"

# How long anything may take before it counts as hanging; nothing here measures time.
PATIENCE = 600


class RunningServer:
    """`accrue serve` on a free port, or on that of a server before."""

    def __init__(self, *options, port=0):
        self.log = tempfile.TemporaryFile("w+")
        # Kept connections may rest for as long as something else takes.
        patient = ["--idle-timeout", "3600", "--header-timeout", "3600"]
        command = [str(BINARY), "serve", "--port", str(port), *patient, *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log)
        # The line is awaited, not slept for.
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        line = self.process.stdout.readline().decode() if ready else ""
        match = re.fullmatch(r"listening on http://([^/\s]+):(\d+)\n", line)
        if not match:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{command} printed {line!r} first; its log: {self.read_log()}")
        self.host, self.port = match[1], int(match[2])

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    def read_log(self):
        self.log.seek(0)
        return self.log.read()

    def stop(self):
        """Sends SIGTERM and returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.close()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Refused(Exception):
    """An answer other than 2xx."""

    def __init__(self, status, body):
        super().__init__(f"{status}: {body[:500]!r}")
        self.status = status
        self.body = body


class Client:
    """One kept-alive connection; belongs to one thread."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection(server.host, server.port, timeout=PATIENCE)

    def send(self, method, path, body=None, content_type=None):
        """Returns the body of a 2xx answer, or raises `Refused`."""
        headers = {"Content-Type": content_type} if content_type else {}
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if not 200 <= answer.status < 300:
            raise Refused(answer.status, content)
        return content

    def call(self, method, path, value=None):
        """Sends and receives JSON."""
        if value is None:
            return json.loads(self.send(method, path))
        return json.loads(self.send(method, path, json.dumps(value).encode(), "application/json"))

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
