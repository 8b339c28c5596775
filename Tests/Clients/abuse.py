"""Standing load and abuse against a server of its own, over real sockets.

usage: Tests/Clients/abuse.py [--seconds N] [--idle N] [--only NAME] [ACCRUE]

Each step prints what it saw, with the most memory that its server ever had resident (VmHWM), and the last line counts. Beside every attack
but those that leave no descriptors, a client that behaves asks all the time: none of its requests may fail. Needs wrk and slowhttptest;
without them it fails. The defaults take about two minutes; --seconds 60 is what the project's figures were made with.
"""

import argparse
import contextlib
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
    slow(arguments, "slow heads", "/healthz", ["-H", "-i", "2"])


def slow_bodies(arguments):
    slow(arguments, "slow bodies", MODEL + "/learn", ["-B", "-i", "2", "-s", "8192"])


def slow_reading(arguments):
    slow(arguments, "slow reading", MODEL + "/snapshot", ["-X", "-w", "10", "-y", "20", "-n", "5", "-z", "32"])


def idle(arguments):
    with Server(arguments.accrue, "--idle-timeout", "600") as server:
        before = server.memory()
        connections = []
        for _ in range(arguments.idle):
            connection = server.connect()
            connections.append(connection)
        for connection in connections:
            server.get(connection)
        each = (server.memory() - before) / arguments.idle
        time.sleep(1)
        # Nobody asks anything meanwhile, for it is the processor time that is measured.
        start = server.cpu()
        time.sleep(5)
        used = server.cpu() - start
        with Healthy(server) as healthy:
            answered = sum(server.get(connection) == 200 for connection in connections[::97])
            time.sleep(1)
        good = used <= 0.01 and answered == len(connections[::97]) and healthy.is_well
        text = f"{used * 1000:.0f} ms of processor time in 5 s, {each:.0f} octets each, {healthy}"
        report(f"{arguments.idle} idle connections", good, text, server, before)


def descriptors(arguments):
    with Server(arguments.accrue, descriptors=64) as server:
        before = server.memory()
        held = []
        for _ in range(300):
            held.append(server.connect())
        time.sleep(1)
        start = server.cpu()
        time.sleep(3)
        used = server.cpu() - start
        alive = server.process.poll() is None
        for connection in held:
            connection.close()
        served = server.get()
        good = alive and used < 0.3 and served == 200
        report("out of descriptors", good, f"{used * 1000:.0f} ms of processor time in 3 s, then status {served}", server, before)


def churn(arguments):
    with Server(arguments.accrue) as server:
        server.get()
        before = server.memory()
        end = time.monotonic() + min(arguments.seconds, 20)
        count = 0
        with Healthy(server) as healthy:
            while time.monotonic() < end:
                connection = server.connect()
                kind = count % 5
                # The server may have answered, and closed, before all has gone out.
                with contextlib.suppress(ConnectionError):
                    if kind == 0:
                        connection.sendall(GET)
                    elif kind == 1:
                        connection.sendall(GET[:17])
                    elif kind == 2:
                        head = f"POST {MODEL}/learn HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
                        connection.sendall(head.encode() + b"x" * 1000)
                    elif kind == 3:
                        connection.sendall(GET * 50)
                if kind != 4:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
                count += 1
        good = healthy.is_well and server.get() == 200 and server.peak() - before < 64 << 20
        report("churn and resets", good, f"{count} connections, {healthy}", server, before)


def unread(arguments):
    with Server(arguments.accrue) as server:
        before = server.memory()
        with Healthy(server) as healthy:
            connections = [server.connect(timeout=0.2) for _ in range(50)]
            sent = 0
            for connection in connections:
                try:
                    while True:
                        sent += connection.send(GET * 500)
                except OSError:
                    pass
        good = healthy.is_well and server.get() == 200 and server.peak() - before < 64 << 20
        report("pipelines nobody reads", good, f"{sent >> 20} MiB of requests, {healthy}", server, before)


def bodies(arguments):
    with Server(arguments.accrue, "--max-body", "32M") as server:
        before = server.memory()
        head = f"POST {MODEL}/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 33554432\r\n\r\n".encode()
        connections = []
        refused = 0
        with Healthy(server) as healthy:
            for _ in range(24):
                connection = server.connect()
                connections.append(connection)
                try:
                    connection.sendall(head)
                    for _ in range(30):
                        connection.sendall(bytes(1 << 20))
                except OSError:
                    pass
                connection.settimeout(0.2)
                try:
                    refused += b" 503 " in connection.recv(200)
                except OSError:
                    pass
        good = healthy.is_well and server.get() == 200 and server.peak() - before < 700 << 20 and refused > 0
        report("memory of all bodies", good, f"24 bodies of 30 MiB, {refused} answered 503, {healthy}", server, before)


class Asking(threading.Thread):
    """A connection that asks again and again until the server closes it, and knows of every request what became of it."""

    def __init__(self, server, message):
        super().__init__(daemon=True)
        self.message = message
        self.connection = server.connect()
        self.answered = 0
        # When the last request had gone out, and what of its answer came, where it is not whole.
        self.sent_at, self.rest, self.bad = 0.0, None, []
        self.start()

    def run(self):
        while True:
            try:
                self.connection.sendall(self.message)
            except OSError:
                # Nobody takes it: it was not accepted.
                return
            self.sent_at = time.monotonic()
            answer = Answer().read(self.connection)
            if not answer.is_whole:
                self.rest = answer.octets
                return
            if answer.status != 200:
                self.bad.append(answer.octets[:200])
            self.answered += 1
            if answer.is_last:
                return


def stopping(arguments):
    """SIGTERM under load, judged by its clients.

    A request that had gone out on a served connection before the signal was accepted: its whole answer must come. One that goes out later
    may find the connection closed; but what begins to be answered is answered whole, and what was learned was answered: the next server
    counts it.
    """
    with tempfile.TemporaryDirectory() as data:
        with Server(arguments.accrue, "--data", data) as server:
            assert server.send("PUT", MODEL, {"dimension": 16})[0] == 201
            before = server.memory()
            load = subprocess.Popen(["wrk", "-t1", "-c64", "-d8s", server.url + "/healthz"], stdout=subprocess.DEVNULL)
            learn = request("POST", MODEL + "/learn", {"features": [[1] * 16], "labels": ["a"]})
            predict = request("POST", MODEL + "/predict", {"features": [[1] * 16]})
            assert server.send("POST", MODEL + "/learn", {"features": [[1] * 16], "labels": ["a"]})[0] == 200
            learning = [Asking(server, learn) for _ in range(8)]
            asking = learning + [Asking(server, message) for message in [GET, predict] * 12]
            time.sleep(3)
            peak = server.peak()
            signalled = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            code = server.process.wait(timeout=PATIENCE)
            took = time.monotonic() - signalled
            for thread in asking:
                thread.join(PATIENCE)
            load.wait()
        hanging = sum(thread.is_alive() for thread in asking)
        partial = sum(bool(thread.rest) for thread in asking)
        lost = sum(thread.rest is not None and thread.answered > 0 and thread.sent_at < signalled for thread in asking)
        bad = sum(len(thread.bad) for thread in asking)
        learned = 1 + sum(thread.answered for thread in learning)
        with Server(arguments.accrue, "--data", data) as server:
            # It recovers behind its first line.
            while (answer := server.send("GET", MODEL))[0] == 503:
                time.sleep(0.05)
            samples = json.loads(answer[1])["samples"]
        text = (
            f"exit {code} after {took:.2f} s; {sum(thread.answered for thread in asking)} requests answered, {bad} of them not 200, {lost} sent "
            f"before and not answered, {partial} in part, {hanging} hang; {learned} rows answered as learned, {samples} there afterwards"
        )
        good = code == 0 and took < 11 and (hanging, partial, lost, bad) == (0, 0, 0, 0) and samples == learned
        report("SIGTERM under load", good, text, peak, before)


STEPS = [slow_heads, slow_bodies, slow_reading, idle, descriptors, churn, unread, bodies, stopping]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("accrue", nargs="?", default=".build/release/accrue")
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--idle", type=int, default=10_000)
    parser.add_argument("--only", choices=[step.__name__ for step in STEPS])
    arguments = parser.parse_args()
    for tool in ("wrk", "slowhttptest"):
        if not shutil.which(tool):
            sys.exit(f"abuse.py: {tool} is not installed")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard != resource.RLIM_INFINITY and hard < arguments.idle + 200:
        sys.exit(f"abuse.py: {arguments.idle} connections need more descriptors than the {hard} allowed")
    for step in STEPS:
        if arguments.only in (None, step.__name__):
            step(arguments)
    print(f"abuse: {sum(results)} passed, {len(results) - sum(results)} failed")
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
