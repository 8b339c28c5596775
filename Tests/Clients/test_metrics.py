"""What Prometheus's own tools say of /metrics and of Config/, and events as a client in another language reads them."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from running_server import PATIENCE, REPOSITORY, Client, RunningServer

CONFIG = REPOSITORY / "Config"
TOKEN = "read-0123456789abcdefghij"
WRITE_TOKEN = "write-0123456789abcdefghij"
METRIC = r"\b(?:accrue|process)_[a-z0-9_]+"


def use(client, name, imbalance="none"):
    """Makes a model of some use: it learns, forgets, is asked, refreshed and changed."""
    path = f"/v1/models/{name}"
    client.call("PUT", path, {"dimension": 2, "imbalance": {"kind": imbalance}})
    for start in range(0, 600, 60):
        rows = [[(index * 37 % 100) / 50 - 1 + index % 2, 1.0] for index in range(start, start + 60)]
        client.call("POST", f"{path}/learn", {"features": rows, "labels": [f"class {index % 2}" for index in range(60)]})
        if start == 0:
            # Early: what is known of probabilities goes with such a change.
            client.call("POST", f"{path}/unlearn", {"features": [rows[0]], "labels": ["class 0"]})
            client.call("PATCH", path, {"ridge": 0.25})
    client.call("POST", f"{path}/predict", {"features": [[1, 1]]})
    if imbalance != "none":
        client.call("POST", f"{path}/rebalance", {})


def expressions():
    """All queries in Config/, with where they stand."""
    rules = (CONFIG / "prometheus-rules.yml").read_text()
    for expression in re.findall(r"^ +expr: (.*)$", rules, re.M):
        yield "prometheus-rules.yml", expression
    dashboard = json.loads((CONFIG / "grafana.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"].replace("$__rate_interval", "1m").replace("$instance", ".*").replace("$model", ".*")


class Prometheus:
    """A Prometheus that scrapes one server."""

    def __init__(self, server, token):
        self.directory = tempfile.TemporaryDirectory()
        root = pathlib.Path(self.directory.name)
        (root / "token").write_text(token)
        text = (CONFIG / "prometheus.yml").read_text()
        text = text.replace("127.0.0.1:8080", server.address).replace("15s", "1s")
        text = text.replace("# authorization:", "authorization:").replace("#   type:", "  type:")
        text = text.replace("#   credentials_file: /etc/prometheus/accrue.token", f"  credentials_file: {root / 'token'}")
        (root / "prometheus.yml").write_text(text)
        shutil.copy(CONFIG / "prometheus-rules.yml", root)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = open(root / "log", "w+")
        self.process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={root / 'prometheus.yml'}",
                f"--storage.tsdb.path={root / 'data'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
            ],
            stdout=self.log,
            stderr=self.log,
        )

    def get(self, path, **query):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(url, timeout=PATIENCE) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)

    def wait(self, query, wanted):
        """Waits until a query has a value."""
        value = None
        for _ in range(PATIENCE * 5):
            try:
                result = self.get("query", query=query)["data"]["result"]
                value = float(result[0]["value"][1]) if result else None
                if value == wanted:
                    return
            except (OSError, KeyError, json.JSONDecodeError):
                # It is not up yet: until then it answers 503 with a text.
                pass
            time.sleep(0.2)
        self.log.seek(0)
        raise AssertionError(f"{query} is {value}, expected {wanted}; its log: {self.log.read()[-2000:]}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        self.log.close()
        self.directory.cleanup()


class PromtoolTests(unittest.TestCase):
    def test_promtool_has_nothing_to_say_of_the_metrics_of_a_server_in_use(self):
        with tempfile.TemporaryDirectory() as directory, RunningServer("--data", directory) as server, Client(server) as client:
            use(client, "plain")
            use(client, "balanced", "pseudo_features")
            client.connection.request("GET", "/nothing")
            client.connection.getresponse().read()
            text = client.send("GET", "/metrics")
            result = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, timeout=PATIENCE)
            self.assertEqual((result.returncode, result.stdout, result.stderr), (0, b"", b""))
            # All that Config/ asks for is there.
            present = set(re.findall(METRIC, text.decode()))
            for place, expression in expressions():
                for metric in re.findall(METRIC, expression):
                    self.assertIn(metric, present, f"{place}: {expression}")

    def test_the_configuration_is_one_that_prometheus_takes(self):
        result = subprocess.run(
            ["promtool", "check", "config", CONFIG / "prometheus.yml"], capture_output=True, text=True, timeout=PATIENCE
        )
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertRegex(result.stdout, r"SUCCESS: \d+ rules found")

    def test_the_dashboard_is_whole(self):
        dashboard = json.loads((CONFIG / "grafana.json").read_text())
        panels = dashboard["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        names = {variable["name"] for variable in dashboard["templating"]["list"]}
        for panel in panels:
            for target in panel.get("targets", []):
                for variable in re.findall(r"\$(\w+)", target["expr"]):
                    self.assertIn(variable, names | {"__rate_interval"})
        # No two panels lie on one another, and none beyond the edge.
        places = [panel["gridPos"] for panel in panels]
        cells = [(x, y) for p in places for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])]
        self.assertEqual(len(cells), len(set(cells)))
        self.assertLess(max(x for x, _ in cells), 24)


class PrometheusTests(unittest.TestCase):
    def test_prometheus_scrapes_a_server_that_asks_for_tokens_and_answers_all_queries(self):
        with tempfile.TemporaryDirectory() as directory:
            tokens = pathlib.Path(directory) / "tokens"
            tokens.write_text(f"read {TOKEN}\nwrite {WRITE_TOKEN}\n")
            os.chmod(tokens, 0o600)
            data = pathlib.Path(directory) / "data"
            with RunningServer("--data", data, "--token-file", tokens) as server, Client(server) as client:
                client.connection.request("GET", "/metrics")
                answer = client.connection.getresponse()
                answer.read()
                self.assertEqual(answer.status, 401)
                authorized = Authorized(server)
                use(authorized, "m")
                with Prometheus(server, TOKEN) as prometheus:
                    prometheus.wait('up{job="accrue"}', 1)
                    prometheus.wait('accrue_model_learned_rows_total{model="m"}', 600)
                    prometheus.wait('accrue_http_requests_total{route="/v1/models/{model}/learn",code="200"}', 10)
                    authorized.call("POST", "/v1/models/m/learn", {"features": [[0, 1]], "labels": ["class 0"]})
                    prometheus.wait('accrue_model_learned_rows_total{model="m"}', 601)
                    for place, expression in expressions():
                        answer = prometheus.get("query", query=expression)
                        self.assertEqual(answer["status"], "success", f"{place}: {expression}: {answer}")
                    rules = prometheus.get("rules")["data"]["groups"][0]["rules"]
                    firing = [rule["name"] for rule in rules if any(alert["state"] == "firing" for alert in rule["alerts"])]
                    self.assertEqual(firing, [])
                authorized.close()


class Authorized(Client):
    """A client with a token for everything."""

    def send(self, method, path, body=None, content_type=None):
        headers = {"Authorization": f"Bearer {WRITE_TOKEN}"}
        if content_type:
            headers["Content-Type"] = content_type
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        assert 200 <= answer.status < 300, (answer.status, content)
        return content


class EventTests(unittest.TestCase):
    def test_events_come_as_they_happen_and_end_with_the_model(self):
        with RunningServer() as server, Client(server) as client, Client(server) as reader:
            client.call("PUT", "/v1/models/m", {"dimension": 1})
            reader.connection.request("GET", "/v1/models/m/events", headers={"Accept": "text/event-stream"})
            stream = reader.connection.getresponse()
            self.assertEqual(stream.getheader("Content-Type"), "text/event-stream")
            self.assertEqual(self.read(stream)[0], "state")
            for count in range(1, 4):
                client.call("POST", "/v1/models/m/learn", {"features": [[1.0]], "labels": ["ä\n" + str(count)]})
                kind, data = self.read(stream)
                self.assertEqual((kind, data["version"], data["new_classes"]), ("learned", count, ["ä\n" + str(count)]))
            client.send("DELETE", "/v1/models/m")
            self.assertEqual(self.read(stream), ("deleted", {}))
            self.assertEqual(stream.read(), b"")

    def test_a_server_with_readers_stops_as_it_should(self):
        with RunningServer() as server, Client(server) as client, Client(server) as reader:
            client.call("PUT", "/v1/models/m", {"dimension": 1})
            reader.connection.request("GET", "/v1/models/m/events")
            stream = reader.connection.getresponse()
            self.assertEqual(self.read(stream)[0], "state")
            self.assertEqual(server.stop(), 0)
            self.assertEqual(stream.read(), b"")

    def read(self, stream):
        """The next event."""
        fields = {}
        while (line := stream.readline().decode().rstrip("\n")) or not fields:
            name, _, value = line.partition(": ")
            if name:
                fields[name] = value
        self.assertRegex(fields["id"], r"^\d+$")
        return fields["event"], json.loads(fields["data"])


if __name__ == "__main__":
    unittest.main()
