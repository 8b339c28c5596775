"""Standing load and abuse against a server of its own, over real sockets.

usage: Tests/Clients/abuse.py [--seconds N] [--idle N] [ACCRUE]

Each step prints what it saw, and the last line counts. Needs wrk and slowhttptest; without them it fails. The defaults take about a
minute; --seconds 60 is what the project's figures were made with.
"""

import argparse
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
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) << 10

    def connect(self, timeout=10):
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def get(self, connection=None):
        """The status of one request, on a connection of its own where none is given."""
        own = connection or self.connect()
        own.sendall(GET)
        answer = own.recv(4096)
        if not connection:
            own.close()
        return int(answer.split(b" ", 2)[1]) if answer else 0


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
        return f"{self.succeeded} healthy requests, {self.failed} failed, slowest {self.slowest * 1000:.0f} ms"


results = []


def report(title, good, text):
    results.append(good)
    print(f"{'ok    ' if good else 'FAILED'} {title}: {text}", flush=True)


def slow(arguments, title, path, options, connections=1000):
    with Server(arguments.accrue, "--header-timeout", "5") as server:
        # A model whose snapshot of 4 MiB does not go into a socket's buffer.
        config = b'{"dimension":1000}'
        put = b"PUT /v1/models/m HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(config), config)
        connection = server.connect()
        connection.sendall(put)
        assert b" 201 " in connection.recv(4096)
        before = server.memory()
        healthy = Healthy(server)
        command = ["slowhttptest", "-c", str(connections), "-r", "500", "-l", str(arguments.seconds), "-x", "24", "-p", "2", *options]
        subprocess.run(command + ["-u", server.url + path], stdout=subprocess.DEVNULL, check=False)
        text = healthy.stop()
        peak = server.memory() - before
        report(title, healthy.failed == 0 and healthy.succeeded > 0 and peak < 256 << 20, f"{text}; {peak >> 20} MiB more")


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
        start = server.cpu()
        time.sleep(5)
        used = server.cpu() - start
        answered = sum(server.get(connection) == 200 for connection in connections[::97])
        good = used <= 0.01 and answered == len(connections[::97])
        report(f"{arguments.idle} idle connections", good, f"{used * 1000:.0f} ms of processor time in 5 s, {each:.0f} octets each")


def descriptors(arguments):
    with Server(arguments.accrue, descriptors=64) as server:
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
        time.sleep(1)
        served = server.get()
        good = alive and used < 0.3 and served == 200
        report("out of descriptors", good, f"{used * 1000:.0f} ms of processor time in 3 s, then status {served}")


def churn(arguments):
    with Server(arguments.accrue) as server:
        server.get()
        before = server.memory()
        end = time.monotonic() + min(arguments.seconds, 20)
        count = 0
        while time.monotonic() < end:
            connection = server.connect()
            kind = count % 5
            if kind == 0:
                connection.sendall(GET)
            elif kind == 1:
                connection.sendall(GET[:17])
            elif kind == 2:
                connection.sendall(b"POST /v1/models/m/learn HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1000)
            elif kind == 3:
                connection.sendall(GET * 50)
            if kind != 4:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
            count += 1
        time.sleep(1)
        grown = server.memory() - before
        report("churn and resets", server.get() == 200 and grown < 64 << 20, f"{count} connections, {grown >> 10} KiB more")


def unread(arguments):
    with Server(arguments.accrue) as server:
        before = server.memory()
        connections = [server.connect(timeout=0.2) for _ in range(50)]
        sent = 0
        for connection in connections:
            try:
                while True:
                    sent += connection.send(GET * 500)
            except OSError:
                pass
        grown = server.memory() - before
        report("pipelines nobody reads", server.get() == 200 and grown < 64 << 20, f"{sent >> 20} MiB of requests, {grown >> 20} MiB more")


def bodies(arguments):
    with Server(arguments.accrue, "--max-body", "32M") as server:
        before = server.memory()
        head = b"POST /v1/models/m/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 33554432\r\n\r\n"
        connections = []
        statuses = peak = 0
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
                statuses += b" 503 " in connection.recv(200)
            except OSError:
                pass
            peak = max(peak, server.memory() - before)
        good = server.get() == 200 and peak < 700 << 20 and statuses > 0
        report("memory of all bodies", good, f"24 bodies of 30 MiB: {peak >> 20} MiB more, {statuses} answered 503")


def stopping(arguments):
    log = tempfile.NamedTemporaryFile(suffix=".log")
    with Server(arguments.accrue, "--access-log", log.name) as server:
        load = subprocess.Popen(["wrk", "-t1", "-c64", "-d6s", server.url + "/healthz"], stdout=subprocess.PIPE, text=True)
        time.sleep(3)
        start = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        code = server.process.wait(timeout=30)
        took = time.monotonic() - start
        output = load.communicate()[0]
        lines = open(log.name).read().splitlines()
        broken = sum('"complete":false' in line for line in lines)
        bad = sum('"status":200' not in line for line in lines if '"dropped"' not in line)
        refused = re.search(r"Non-2xx.*: (\d+)", output)
        good = code == 0 and broken == 0 and bad == 0 and not refused and took < 11
        report("SIGTERM under load", good, f"exit {code} after {took:.2f} s, {len(lines)} lines, {broken} broken off, {bad} not 200")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("accrue", nargs="?", default=".build/release/accrue")
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--idle", type=int, default=10_000)
    arguments = parser.parse_args()
    for tool in ("wrk", "slowhttptest"):
        if not shutil.which(tool):
            sys.exit(f"abuse.py: {tool} is not installed")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard != resource.RLIM_INFINITY and hard < arguments.idle + 200:
        sys.exit(f"abuse.py: {arguments.idle} connections need more descriptors than the {hard} allowed")
    slow(arguments, "slow heads", "/healthz", ["-H", "-i", "2"])
    slow(arguments, "slow bodies", "/v1/models/m/learn", ["-B", "-i", "2", "-s", "8192"])
    slow(arguments, "slow reading", "/v1/models/m/snapshot", ["-X", "-w", "10", "-y", "20", "-n", "5", "-z", "32"], connections=200)
    idle(arguments)
    descriptors(arguments)
    churn(arguments)
    unread(arguments)
    bodies(arguments)
    stopping(arguments)
    print(f"abuse: {sum(results)} passed, {len(results) - sum(results)} failed")
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
