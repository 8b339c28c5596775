"""Standing load and abuse against a server of its own, over real sockets.

usage: Tests/Clients/abuse.py [--seconds N] [--idle N] [--only NAME] [ACCRUE]

Each step prints what it saw, with the most memory that its server ever had resident (VmHWM), and the last line counts. Beside every attack
but those that leave no descriptors, a client that behaves asks all the time: none of its requests may fail. Needs wrk and slowhttptest;
without them it fails. The defaults take about two minutes; --seconds 60 is what the project's figures were made with.
"""

import argparse
import json
import os
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
MODEL = "/v1/models/m"
# How long anything may take before it counts as hanging; only what is said to be measured measures time.
PATIENCE = 60


def request(method, path, value=None):
    body = b"" if value is None else json.dumps(value).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Server:
    """A server on a free port, with its processor time and memory."""

    def __init__(self, executable, *options, descriptors=None):
        def limit():
            if descriptors:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

        command = [executable, "serve", "--port", "0", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, preexec_fn=limit)
        line = self.process.stdout.readline()
        self.port = int(line.rsplit(":", 1)[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """Resident octets."""
        return self.status("VmRSS")

    def peak(self):
        """The most octets that were ever resident."""
        return self.status("VmHWM")

    def status(self, name):
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(name + r":\s+(\d+)", file.read()).group(1)) << 10

    def connect(self, timeout=PATIENCE):
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def get(self, connection=None):
        """The status of one request, on a connection of its own where none is given."""
        own = connection or self.connect()
        own.sendall(GET)
        answer = Answer().read(own)
        if not connection:
            own.close()
        return answer.status if answer.is_whole else 0

    def send(self, method, path, value=None):
        """The status and the content of one request."""
        with self.connect() as connection:
            connection.sendall(request(method, path, value))
            answer = Answer().read(connection)
            return answer.status, answer.content


class Answer:
    """One answer with a Content-Length, as much of it as came."""

    def __init__(self):
        self.octets = b""
        self.status, self.content, self.is_whole, self.is_last = 0, b"", False, False

    def read(self, connection):
        """Reads until it is whole, or the connection ends or hangs."""
        try:
            while not self.is_whole:
                piece = connection.recv(1 << 16)
                if not piece:
                    break
                self.octets += piece
                self.parse()
        except OSError:
            pass
        return self

    def parse(self):
        head, separator, rest = self.octets.partition(b"\r\n\r\n")
        if not separator:
            return
        fields = head.lower()
        length = re.search(rb"\r\ncontent-length: *(\d+)", fields)
        length = int(length[1]) if length else 0
        self.status = int(head.split(b" ", 2)[1])
        self.is_last = b"\r\nconnection: close" in fields
        self.content = rest[:length]
        self.is_whole = len(rest) >= length


class Healthy(threading.Thread):
    """A client that behaves: a new connection every time, every tenth of a second."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.succeeded, self.failed, self.slowest, self.running = server, 0, 0, 0.0, True
        self.start()

    def run(self):
        while self.running:
            start = time.monotonic()
            try:
                good = self.server.get() == 200
            except OSError:
                good = False
            self.slowest = max(self.slowest, time.monotonic() - start)
            self.succeeded += good
            self.failed += not good
            time.sleep(0.1)

    def stop(self):
        self.running = False
        self.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def is_well(self):
        return self.failed == 0 and self.succeeded > 0

    def __str__(self):
        return f"{self.succeeded} healthy requests, {self.failed} failed, slowest {self.slowest * 1000:.0f} ms"


results = []


def report(title, good, text, server, before):
    """One line; the memory is the peak, and by how much it is above what the server had before the attack."""
    results.append(good)
    peak = server if isinstance(server, int) else server.peak()
    memory = f"peak memory {peak >> 20} MiB, {(peak - before) >> 20} MiB more than before"
    print(f"{'ok    ' if good else 'FAILED'} {title}: {text}; {memory}", flush=True)


def slow(arguments, title, path, options):
    with Server(arguments.accrue, "--header-timeout", "5") as server:
        # A model whose snapshot of 4 MiB does not go into a socket's buffer.
        assert server.send("PUT", MODEL, {"dimension": 1000})[0] == 201
        before = server.memory()
        command = ["slowhttptest", "-c", "1000", "-r", "500", "-l", str(arguments.seconds), "-x", "24", "-p", "2", *options]
        with Healthy(server) as healthy:
            subprocess.run(command + ["-u", server.url + path], stdout=subprocess.DEVNULL, check=False)
        good = healthy.is_well and server.peak() - before < 256 << 20
        report(title, good, f"1000 connections, {healthy}", server, before)


def slow_heads(arguments):
    for step in STEPS:
        if arguments.only in (None, step.__name__):
            step(arguments)
    print(f"abuse: {sum(results)} passed, {len(results) - sum(results)} failed")
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
