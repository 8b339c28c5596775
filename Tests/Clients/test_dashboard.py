"""The dashboard in a real browser, while `accrue demo --keep` streams: what it shows, says and asks for."""

import importlib.util
import json
import pathlib
import re
import select
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from browser import CHROMIUM, PATIENCE, Browser
from running_server import BINARY, REPOSITORY, Client, RunningServer

ARTEFACTS = REPOSITORY / "Tests" / ".artefacts"
TOKEN = "3kX8vT2mQ9rL5wZ7yB1nC4dF6gH0jKpS"

# All that the page says of a model at one moment.
READ = """(() => {
  const texts = (selector, root = document) => [...root.querySelectorAll(selector)].map((element) => element.textContent);
  return {
    name: document.getElementById("model-name").textContent,
    version: Number(document.getElementById("model").dataset.version),
    figures: Object.fromEntries([...document.querySelectorAll("[data-figure]")].map((e) => [e.dataset.figure, [e.value, e.textContent]])),
    bars: [...document.querySelectorAll(".bars tbody tr")].map((row) => texts("th, td:not(.bar)", row)),
    cells: [...document.querySelectorAll(".matrix tbody tr")].map((row) => [...row.querySelectorAll("td")].map((cell) => cell.getAttribute("aria-label"))),
    numbers: [...document.querySelectorAll(".matrix tbody tr")].map((row) => texts("td", row)),
    latest: document.querySelector("#stream .plot").getAttribute("aria-valuetext"),
    state: Object.fromEntries([...document.querySelectorAll("#state dt")].map((dt) => [dt.textContent, dt.nextElementSibling.textContent])),
  };
})()"""


def percent(share, digits=2):
    """As the page writes it; halves may fall to either side."""
    return "–" if share is None else f"{share * 100:.{digits}f}\u00a0%"


class Demo:
    """`accrue demo --keep`, once it streams."""

    host = "127.0.0.1"

    def __init__(self):
        self.process = subprocess.Popen([str(BINARY), "demo", "--keep"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        text = b""
        while b"That image is of" not in text:
            ready, _, _ = select.select([self.process.stdout], [], [], 2 * PATIENCE)
            piece = self.process.stdout.read1(65536) if ready else b""
            if not piece:
                self.close()
                raise AssertionError(f"the demo ended or hangs: {text.decode()}")
            text += piece
        self.output = text.decode()
        self.port = int(re.search(r"http://127\.0\.0\.1:(\d+)/#/models/live-digits\n", self.output)[1])
        self.example = json.loads(re.search(r"\"features\":\[(\[[^]]*\])", self.output)[1])

    def url(self, model):
        return f"http://{self.host}:{self.port}/#/models/{model}"

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Watch:
    """All states that a model goes through, by version, as GET /v1/models/{m} tells them."""

    def __init__(self, server, model):
        self.seen = {}
        self.is_over = False
        self.begun = threading.Event()
        self.thread = threading.Thread(target=self.run, args=(server, model))
        self.thread.start()

    def run(self, server, model):
        with Client(server) as client:
            while not self.is_over:
                details = client.call("GET", f"/v1/models/{model}")
                # What changes without a new version, as the balanced weights, may be seen in several states.
                self.seen.setdefault(details["version"], []).append(details)
                self.begun.set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.is_over = True
        self.thread.join()


@unittest.skipUnless(CHROMIUM, "there is no chromium")
class DashboardTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)
        cls.demo = Demo()
        cls.addClassCleanup(cls.demo.close)
        ARTEFACTS.mkdir(exist_ok=True)

    def open(self, url, **options):
        page = self.browser.open(url, **options)
        self.addCleanup(page.close)
        return page

    def open_model(self, model, **options):
        page = self.open(self.demo.url(model), **options)
        page.wait(f"document.getElementById('model-name')?.textContent === {json.dumps(model)}")
        return page

    def open_live(self, model, **options):
        """A page that has shown events and load."""
        page = self.open_model(model, **options)
        page.wait("document.getElementById('link-state').dataset.state === 'live'")
        page.wait("document.querySelectorAll('#throughput path.line').length === 2")
        return page

    # What it shows

    def check(self, shown, details):
        """Holds the page against the details of the same version."""
        evaluation = details["evaluation"]
        window = evaluation["window"]
        exact = {
            "samples": details["samples"], "classes": details["classes"], "version": details["version"],
            "accuracy": evaluation["accuracy"], "balanced-accuracy": evaluation["balanced_accuracy"],
            "window-accuracy": window["accuracy"], "window-balanced-accuracy": window["balanced_accuracy"],
        }  # fmt: skip
        self.assertEqual({key: float(value) for key, (value, _) in shown["figures"].items()}, exact)
        for key, (_, text) in shown["figures"].items():
            if "accuracy" in key:
                self.assertLessEqual(abs(float(text.removesuffix("\u00a0%")) / 100 - exact[key]), 0.51e-4)
            else:
                self.assertEqual(text, f"{exact[key]:,}")
        counts = {entry["label"]: entry["count"] for entry in evaluation["classes"]}
        self.assertEqual({label: int(rows.replace(",", "")) for label, rows, _ in shown["bars"]}, counts)
        rows = [counts[label] for label, _, _ in shown["bars"]]
        self.assertEqual(rows, sorted(rows, reverse=True))
        confusions = {(entry["label"], entry["predicted"]): entry["count"] for entry in evaluation["confusion"]}
        labels = [entry["label"] for entry in evaluation["classes"]]
        for actual, (words, numbers) in zip(labels, zip(shown["cells"], shown["numbers"])):
            for predicted, word, number in zip(labels, words, numbers):
                count = confusions.get((actual, predicted), 0)
                self.assertIn(f"{actual}: {count:,} of ", word)
                self.assertEqual(int(number or 0), count)
        self.assertIn(f"{evaluation['evaluated_samples']:,}: Accuracy, window", shown["latest"])

    def test_the_numbers_on_the_page_are_those_of_the_details_while_the_stream_flows(self):
        for model in ("live-digits", "live-long-tail"):
            page = self.open_live(model)
            with Watch(self.demo, model) as watch:
                watch.begun.wait(PATIENCE)
                page.wait(f"Number(document.getElementById('model').dataset.version) > {min(watch.seen)}")
                versions = set()
                while len(versions) < 5:
                    shown = page.evaluate(READ)
                    self.assertEqual(shown["name"], model)
                    if shown["version"] in versions:
                        time.sleep(0.05)
                        continue
                    versions.add(shown["version"])
                    states = watch.seen.get(shown["version"], [])
                    self.assertTrue(states, f"version {shown['version']} was never seen by GET")
                    self.check(shown, states[0])
            self.assertEqual(page.complaints, [])

    def test_the_curve_goes_forward_though_the_history_is_newer_than_the_details(self):
        late = """const plain = fetch; let early; window.fetch = async (path, ...rest) => {
          const isDetails = /models\\/live-digits$/.test(path);
          if (String(path).endsWith("/history")) {
            early ??= await plain("v1/models/live-digits");
            await new Promise((done) => setTimeout(done, 2000));
          }
          if (!isDetails || !early || early.bodyUsed) return plain(path, ...rest);
          return early;
        }"""
        page = self.open_live("live-digits", scripts=[late])
        page.wait("Number(document.querySelector('#stream .plot').getAttribute('aria-valuemax')) >= 6")
        for path in page.evaluate("[...document.querySelectorAll('#stream path.line')].map((line) => line.getAttribute('d'))"):
            places = [float(x) for x in re.findall(r"[ML]([\d.]+) ", path)]
            self.assertGreater(len(places), 5)
            self.assertEqual(places, sorted(places))

    def test_a_model_that_rests_is_shown_as_it_is_and_asks_nobody_else(self):
        page = self.open_model("digits")
        with Client(self.demo) as client:
            self.check(page.wait(f"document.querySelector('#stream .line') && {READ}"), client.call("GET", "/v1/models/digits"))
            points = client.call("GET", "/v1/models/digits/history")["points"]
        self.assertGreater(len(points), 20)
        self.assertEqual(int(page.evaluate("document.querySelector('#stream .plot').getAttribute('aria-valuemax')")), len(points) - 1)
        own = f"http://{self.demo.host}:{self.demo.port}/"
        self.assertTrue(page.requests)
        self.assertEqual([url for url in page.requests if not url.startswith(own)], [])
        self.assertEqual(page.complaints, [])

    def test_throughput_latency_and_state_are_shown(self):
        page = self.open_live("live-long-tail")
        page.wait("document.querySelectorAll('#latency path.line').length === 4")
        page.wait("parseFloat(document.querySelector('#throughput .legend b').textContent) > 0")
        state = page.evaluate(READ)["state"]
        self.assertEqual(state["Learning"], "on")
        self.assertIn("in memory only", state["Log"])
        self.assertIn("in memory only", state["Checkpoint"])
        self.assertRegex(state["Drift"], r"from the sums")
        self.assertRegex(state["Memory"], r"^[\d.]+ MB$")
        for title in ("Queue", "Condition", "Balanced weights", "Last rebalance", "Calibration"):
            self.assertNotEqual(state[title], "–", title)
        self.assertEqual(page.complaints, [])

    def test_a_thousand_classes_are_drawn_and_searched(self):
        with Client(self.demo) as client:
            client.call("PUT", "/v1/models/many", {"dimension": 8})
            labels = [f"a rather long name of species {index:04d}" for index in range(1000) for _ in range(1 + 2000 // (index + 1) ** 2)]
            features = [[((row * 7 + place * 13) % 17) / 17 for place in range(8)] for row in range(len(labels))]
            for _ in range(2):
                client.call("POST", "/v1/models/many/learn", {"features": features, "labels": labels})
        page = self.open_model("many")
        page.wait("document.querySelector('#classes svg path.line') !== null")
        self.assertEqual(page.evaluate("document.querySelectorAll('.filter tbody tr').length"), 200)
        self.assertEqual(page.evaluate("document.querySelectorAll('.matrix tbody tr').length"), 20)
        self.assertIn("20 of 1,000", page.text("#confusion-note"))
        page.evaluate("document.getElementById('class-filter').focus()")
        page.type("species 0042")
        page.wait("document.querySelectorAll('.filter tbody tr').length === 1")
        self.assertIn("0042", page.text(".filter tbody tr"))
        page.resize(360, 740, is_phone=True)
        self.assert_nothing_sticks_out(page)
        self.assertEqual(page.complaints, [])

    def test_labels_are_text_whatever_is_in_them(self):
        label = "<img src=x onerror=alert(1)>" + "wide" * 200
        with Client(self.demo) as client:
            client.call("PUT", "/v1/models/odd", {"dimension": 2})
            for _ in range(3):
                client.call("POST", "/v1/models/odd/learn", {"features": [[1, 0], [0, 1]], "labels": [label, "b\u202ec"]})
        page = self.open_model("odd", width=360, height=740)
        self.assertIn(label, [row[0] for row in page.evaluate(READ)["bars"]])
        self.assertEqual(page.evaluate("document.querySelectorAll('main img').length"), 0)
        self.assert_nothing_sticks_out(page)
        self.assertEqual(page.complaints, [])

    def test_the_demo_streams_whatever_becomes_of_its_models_until_control_c(self):
        demo = Demo()
        self.addCleanup(demo.close)
        with Client(demo) as client:
            client.send("DELETE", "/v1/models/live-digits")
            version = client.call("GET", "/v1/models/live-long-tail")["version"]
            while client.call("GET", "/v1/models/live-long-tail")["version"] < version + 5:
                time.sleep(0.05)
            self.assertNotIn("live-digits", [model["name"] for model in client.call("GET", "/v1/models")["models"]])
        self.assertEqual(demo.stop(), 0)

    # How it is used

    def test_all_of_it_is_reached_and_used_by_keyboard(self):
        page = self.open_live("digits")
        stops = []
        for _ in range(60):
            page.press("Tab")
            stop = page.evaluate("""(() => {
              const e = document.activeElement;
              if (e === document.body) return null;
              const style = getComputedStyle(e);
              return { what: e.id || e.getAttribute("href") || e.getAttribute("role") || e.tagName, outline: style.outlineStyle, width: style.outlineWidth };
            })()""")
            if stop is None:
                break
            self.assertNotEqual(stop["outline"], "none", stop)
            self.assertNotEqual(stop["width"], "0px", stop)
            stops.append(stop["what"])
        for what in ("skip", "#/models/digits", "#/models/live-digits", "theme", "slider", "SUMMARY", "gridcell", "trial-input", "trial-random"):
            self.assertIn(what, stops)
        self.assertEqual(stops.count("gridcell"), 1, "one stop for the whole matrix")
        self.assertLess(stops.index("theme"), stops.index("slider"))

        # The skip link leads to the model and leaves the address alone.
        page.evaluate("document.getElementById('skip').focus()")
        page.press("Enter")
        self.assertEqual(page.evaluate("[document.activeElement.id, location.hash]"), ["main", "#/models/digits"])

        # Arrow keys read the chart point by point.
        page.evaluate("document.querySelector('#stream .plot').focus()")
        last = page.evaluate("document.activeElement.getAttribute('aria-valuetext')")
        for key in ("Home", "ArrowRight", "ArrowRight"):
            page.press(key)
        self.assertEqual(page.evaluate("document.activeElement.getAttribute('aria-valuenow')"), "2")
        third = page.evaluate("document.activeElement.getAttribute('aria-valuetext')")
        self.assertNotEqual(third, last)
        self.assertIn(page.text("#stream .legend b"), third)

        # And go from cell to cell.
        page.evaluate("document.querySelector('.matrix td[tabindex=\"0\"]').focus()")
        for key in ("ArrowDown", "ArrowRight", "ArrowRight"):
            page.press(key)
        self.assertEqual(page.text(".readout"), page.evaluate("document.querySelectorAll('.matrix tbody tr')[1].children[3].getAttribute('aria-label')"))
        focused = "document.activeElement === document.querySelectorAll('.matrix tbody tr')[1].children[3]"
        self.assertTrue(page.evaluate(focused))

        # A table is behind the chart.
        page.evaluate("document.querySelector('#stream summary').focus()")
        page.press("Enter")
        page.wait("document.querySelectorAll('#stream tbody tr').length > 10")

        # Another model.
        page.evaluate("document.querySelector('a[href=\"#/models/digits-incremental\"]').focus()")
        page.press("Enter")
        page.wait("document.getElementById('model-name').textContent === 'digits-incremental'")
        self.assertEqual(page.evaluate("document.title"), "digits-incremental · Accrue")
        self.assertEqual(page.evaluate("document.querySelector('[aria-current]').textContent.startsWith('digits-incremental')"), True)
        self.assertEqual(page.complaints, [])

    def test_focus_stays_where_it_is_while_numbers_change(self):
        page = self.open_live("live-digits")
        for selector in ('.matrix td[tabindex="0"]', "#stream .plot", '#model-links a[aria-current]', "#trial-input"):
            page.evaluate(f"document.querySelector({json.dumps(selector)}).focus(); window.held = document.activeElement")
            version = page.evaluate("document.getElementById('model').dataset.version")
            page.wait(f"document.getElementById('model').dataset.version > {version}")
            self.assertTrue(page.evaluate("document.activeElement === window.held && held.isConnected"), selector)

    def test_a_prediction_is_tried(self):
        page = self.open_model("digits")
        for text, message in [
            ("", "Enter 64 numbers"), ("1, 2, x", "Value 3 is “x”"), ("1 2 3", "3 numbers, 61 too few"), ("[1, null]", "Value 2 is null"),
            ("[1, 2", "That is no JSON"), ("[[1, 2], [3, 4]]", "2 rows"), ("1e60", "at most 1e50"),
            (", ".join(["0.5"] * 65), "65 numbers, 1 too many"), ('{"rows": 1}', "Expected an array"),
        ]:  # fmt: skip
            page.evaluate(f"document.getElementById('trial-input').value = {json.dumps(text)}; document.querySelector('#trial .primary').focus()")
            page.press("Enter")
            page.wait(f"document.getElementById('trial-message').textContent.includes({json.dumps(message)})")
            self.assertEqual(page.evaluate("[document.activeElement.id, document.activeElement.getAttribute('aria-invalid')]"), ["trial-input", "true"])
        with Client(self.demo) as client:
            answer = client.call("POST", "/v1/models/digits/predict", {"features": [self.demo.example], "top": 5})["predictions"][0]
        for text in (json.dumps(self.demo.example), json.dumps({"features": [self.demo.example]}), "\n".join(map(str, self.demo.example))):
            page.evaluate("document.getElementById('trial-result').replaceChildren()")
            page.evaluate("document.getElementById('trial-input').focus(); document.getElementById('trial-input').select()")
            page.type(text)
            page.press("Enter", modifiers=2)
            page.wait("document.querySelectorAll('.ranking tbody tr').length === 5")
            shown = page.evaluate("[...document.querySelectorAll('.ranking tbody tr')].map((row) => [row.children[0].textContent, parseFloat(row.children[2].textContent)])")
            self.assertEqual([label for label, _ in shown], [entry["label"] for entry in answer["top"]])
            for (_, score), entry in zip(shown[:1], answer["top"]):
                self.assertLess(abs(score - entry["score"]), 0.006)
            self.assertEqual(page.text("#trial-message"), "")
        page.evaluate("document.getElementById('trial-random').click()")
        page.wait("JSON.parse(document.getElementById('trial-input').value).length === 64")
        self.assertEqual(page.complaints, [])

    def test_it_stops_while_nobody_looks(self):
        page = self.open_live("live-digits")
        hide = "Object.defineProperty(document, 'hidden', { get: () => %s, configurable: true }); document.dispatchEvent(new Event('visibilitychange'))"
        page.evaluate(hide % "true")
        page.wait("document.getElementById('link-state').dataset.state === 'paused'")
        version = page.evaluate("document.getElementById('model').dataset.version")
        asked = len(page.requests)
        with Client(self.demo) as client:
            while client.call("GET", "/v1/models/live-digits")["version"] < int(version) + 10:
                time.sleep(0.1)
        self.assertEqual(page.evaluate("document.getElementById('model').dataset.version"), version)
        self.assertEqual(len(page.requests), asked)
        page.evaluate(hide % "false")
        page.wait(f"Number(document.getElementById('model').dataset.version) >= {int(version) + 10}")
        page.wait("document.getElementById('link-state').dataset.state === 'live'")
        self.assertEqual(page.complaints, [])

    def test_without_events_it_asks_now_and_then(self):
        block = "const plain = fetch; window.fetch = (path, ...rest) => String(path).endsWith('/events') ? Promise.resolve(new Response('', { status: 404 })) : plain(path, ...rest)"
        page = self.open_model("live-digits", scripts=[block])
        page.wait("document.getElementById('link-text').textContent === 'Every 2 s'")
        version = page.evaluate("document.getElementById('model').dataset.version")
        page.wait(f"document.getElementById('model').dataset.version > {version}")
        self.assertEqual(page.complaints, [])

    def stream(self, server, model):
        """Lets a model learn a row now and again, until the test ends."""
        is_over = threading.Event()

        def learn():
            with Client(server) as client:
                while not is_over.wait(0.01):
                    client.call("POST", f"/v1/models/{model}/learn", {"features": [[1, 0], [0, 1]], "labels": ["a", "b"]})

        thread = threading.Thread(target=learn)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(is_over.set)

    def test_it_goes_on_when_the_model_that_it_shows_is_chosen(self):
        # The list takes so long that events arrive before the details are read again.
        late = """const plain = fetch; window.fetch = async (path, ...rest) => {
          if (path === "v1/models") await new Promise((done) => setTimeout(done, 500));
          return plain(path, ...rest);
        }"""
        server = RunningServer()
        self.addCleanup(server.close)
        with Client(server) as client:
            client.call("PUT", "/v1/models/m", {"dimension": 2})
        self.stream(server, "m")
        page = self.open(f"http://{server.address}/", scripts=[late])
        page.wait("document.getElementById('link-state').dataset.state === 'live'")
        page.evaluate("document.querySelector('#model-links a').click()")
        page.wait("location.hash === '#/models/m'")
        for _ in range(3):
            version = page.evaluate("Number(document.getElementById('model').dataset.version)")
            page.wait(f"Number(document.getElementById('model').dataset.version) > {version}")
        self.assertEqual(page.complaints, [])

    def test_a_choice_is_not_put_off_by_a_reading_under_way(self):
        # Without events; and once it is told so, nothing comes of waiting a second or more.
        held = """const [plain, timer] = [fetch, setTimeout];
          window.setTimeout = (body, after) => timer(body, window.isPatient && after >= 1000 ? 1e9 : after);
          window.fetch = async (path, ...rest) => {
            if (String(path).endsWith("/events")) return new Response("", { status: 404 });
            const answer = await plain(path, ...rest);
            if (window.isPatient && path === "v1/models/a") {
              window.isHeld = true;
              await new Promise((done) => { window.release = done; });
            }
            return answer;
          }"""
        with RunningServer() as server, Client(server) as client:
            for name in ("a", "b"):
                client.call("PUT", f"/v1/models/{name}", {"dimension": 2})
            page = self.open(f"http://{server.address}/#/models/a", scripts=[held])
            page.wait("document.getElementById('model-name').textContent === 'a'")
            page.evaluate("window.isPatient = true; location.hash = ''")
            page.evaluate("location.hash = '#/'")
            page.wait("window.isHeld")
            page.evaluate("location.hash = '#/models/b'")
            page.wait("document.querySelector('#model-links [aria-current]').textContent.startsWith('b')")
            page.evaluate("window.release()")
            page.wait("document.getElementById('model-name').textContent === 'b'")

    def test_many_classes_that_are_never_confused_have_a_matrix(self):
        with Client(self.demo) as client:
            client.call("PUT", "/v1/models/sure", {"dimension": 30})
            rows = [[float(row == column) for column in range(30)] for row in range(30)]
            for _ in range(2):
                client.call("POST", "/v1/models/sure/learn", {"features": rows, "labels": list(range(30))})
        page = self.open_model("sure")
        page.wait("document.querySelectorAll('.matrix tbody tr').length === 20")
        self.assertIn("20 of 30 classes: the largest", page.text("#confusion-note"))

    def test_why_metrics_are_refused_is_said_though_there_were_some(self):
        refuse = """const plain = fetch; window.fetch = async (path, ...rest) => path === "metrics" && window.refuses
          ? new Response('{"detail": "not for you"}', { status: 403, headers: { "Content-Type": "application/problem+json" } })
          : plain(path, ...rest)"""
        page = self.open_live("live-digits", scripts=[refuse])
        page.evaluate("window.refuses = true")
        for panel in ("throughput", "latency"):
            page.wait(f"document.getElementById('{panel}-note').textContent.includes('not for you')")

    def test_a_model_that_is_lost_is_listed_and_its_reason_shown(self):
        lost = """const plain = fetch; window.fetch = async (path, ...rest) => {
          const json = (value, status = 200) => new Response(JSON.stringify(value), { status, headers: { "Content-Type": "application/json" } });
          if (path === "v1/models/gone") return json({ detail: "it could not be recovered: no room" }, 503);
          if (path !== "v1/models") return plain(path, ...rest);
          const { models } = await (await plain(path, ...rest)).json();
          return json({ models: [{ name: "gone", version: null, samples: null, classes: null, state: "lost", reason: "no room" }, ...models] });
        }"""
        with RunningServer() as server, Client(server) as client:
            page = self.open(f"http://{server.address}/", scripts=[lost])
            page.wait("document.getElementById('blank-title').textContent === '“gone” is not there'")
            self.assertIn("no room", page.text("#blank-text"))
            self.assertIn("could not be recovered", page.text("#model-links"))
            client.call("PUT", "/v1/models/here", {"dimension": 2})
            page.wait("document.getElementById('model-name').textContent === 'here'")

    # What it says when something is not as it should be

    def test_an_empty_server_says_how_to_begin_and_goes_on_by_itself(self):
        with RunningServer() as server, Client(server) as client:
            page = self.open(f"http://{server.address}/")
            page.wait("document.getElementById('blank-title').textContent === 'No models yet'")
            code = page.text("#blank-code")
            self.assertIn(f"curl -X PUT http://{server.address}/v1/models/fruit --json", code)
            # What it says is what works.
            for command in re.split(r"\n(?=curl)", code):
                subprocess.run(["bash", "-c", f"no_proxy=127.0.0.1 {command} --fail --silent --output /dev/null"], check=True, timeout=PATIENCE)
            page.wait("document.getElementById('model-name').textContent === 'fruit'")
            self.assertIn("No class yet" if client.call("GET", "/v1/models/fruit")["classes"] == 0 else "2", page.text("#figures"))
            self.assertIn("No row has been predicted", page.text("#stream"))
            client.send("DELETE", "/v1/models/fruit")
            page.wait("document.getElementById('blank-title').textContent === 'No models yet'")
            page.evaluate("location.hash = '#/models/nobody'")
            page.wait("document.getElementById('blank-title').textContent.includes('No model “nobody”')")
            self.assertIn("there is no model named", page.text("#blank-text"))

    def test_a_server_that_is_gone_is_said_so_until_it_is_back(self):
        with tempfile.TemporaryDirectory() as data:
            server = RunningServer("--data", data)
            with server, Client(server) as client:
                client.call("PUT", "/v1/models/kept", {"dimension": 2})
                client.call("POST", "/v1/models/kept/learn", {"features": [[1, 0], [0, 1]], "labels": ["a", "b"]})
                page = self.open(f"http://{server.address}/")
                page.wait("document.getElementById('model-name').textContent === 'kept'")
                page.wait("document.getElementById('link-state').dataset.state === 'live'")
                self.assertRegex(page.evaluate(READ)["state"]["Log"], r"^\d+(\.\d+)? k?B since the checkpoint$")
                self.assertRegex(page.evaluate(READ)["state"]["Checkpoint"], r"^version \d+, ")
                port = server.port
            page.wait("document.getElementById('notice-text').textContent.includes('has not answered since')")
            self.assertEqual(page.text("#link-text"), "No answer")
            self.assertTrue(page.evaluate("document.getElementById('model').hasAttribute('data-stale')"))
            self.assertEqual(page.text("#model-name"), "kept", "what was known stays")
            with RunningServer("--data", data, port=port):
                page.evaluate("document.getElementById('notice-action').click()")
                page.wait("document.getElementById('notice').hidden")
                self.assertFalse(page.evaluate("document.getElementById('model').hasAttribute('data-stale')"))

    def test_the_token_is_asked_for_kept_in_the_tab_and_sent_to_the_server(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "tokens"
            path.touch(mode=0o600)
            path.write_text(f"read {TOKEN}\n")
            with RunningServer("--token-file", str(path)) as server:
                page = self.open(f"http://{server.address}/")
                page.wait("document.getElementById('token').open")
                self.assertEqual(page.evaluate("document.activeElement.id"), "token-input")
                page.press("Escape")
                self.assertTrue(page.evaluate("document.getElementById('token').open"), "there is nothing to see without one")
                page.type("not a token")
                page.press("Enter")
                page.wait("document.getElementById('token-message').textContent.includes('no spaces')")
                page.evaluate("document.getElementById('token-input').value = ''")
                page.type("wrong-token")
                page.press("Enter")
                page.wait("document.getElementById('token-message').textContent.includes('does not know')")
                page.type(TOKEN)
                page.press("Enter")
                page.wait("!document.getElementById('token').open && document.getElementById('blank-title').textContent === 'No models yet'")
                self.assertEqual(page.evaluate("[Object.values(sessionStorage), Object.keys(localStorage), document.cookie]"), [[TOKEN], [], ""])
                self.assertFalse(any(TOKEN in url for url in page.requests))
                # Kept for this tab: a reload does not ask again.
                page.send("Page.reload")
                page.wait("document.readyState === 'complete' && document.getElementById('blank-title')?.textContent === 'No models yet'")
                self.assertFalse(page.evaluate("document.getElementById('token').open"))
                refusals = [text for text in page.complaints if "401" in text]
                self.assertEqual(page.complaints, refusals)

    def test_what_a_server_does_not_tell_is_a_dash_and_what_is_wrong_is_said_aloud(self):
        # Details as an older server would give them, of a model that is in trouble.
        change = """const plain = fetch; window.fetch = async (path, ...rest) => {
          const answer = await plain(path, ...rest);
          if (!/models\\/digits$/.test(path)) return answer;
          const { name, version, samples, classes, config, evaluation: { accuracy } } = await answer.json();
          const extra = { evaluation: { accuracy }, learning_stopped: "the disk failed", ill_conditioned: true, suggested_ridge: 0.5 };
          return Response.json({ name, version, samples, classes, config, ...extra });
        }"""
        page = self.open_model("digits", scripts=[change])
        page.wait("document.getElementById('notice-text').textContent.includes('Learning has stopped: the disk failed')")
        shown = page.evaluate(READ)
        self.assertEqual(shown["figures"]["window-accuracy"], ["", "–"])
        self.assertEqual(shown["figures"]["samples"][1], "1,347")
        for title in ("Queue", "Log", "Checkpoint", "Drift", "Solved anew", "Last rebalance", "Calibration", "Memory"):
            self.assertEqual(shown["state"][title], "–", title)
        self.assertIn("a ridge of 0.5 would cure it", shown["state"]["Condition"])
        self.assertIn("the disk failed", shown["state"]["Learning"])
        page.wait("document.getElementById('link-state').dataset.state === 'live'")
        self.assertIn("Learning has stopped", page.text("#notice"))
        self.assertEqual(page.complaints, [])

    # How it looks

    def assert_nothing_sticks_out(self, page):
        page.wait("document.documentElement.scrollWidth <= innerWidth")
        wide = page.evaluate("""[...document.querySelectorAll("body *")].filter((e) => {
          const box = e.getBoundingClientRect();
          return box.width > 0 && box.right > innerWidth + 1 && !e.closest(".scroll, .matrix-frame, .skip, pre, svg, .hidden");
        }).map((e) => e.outerHTML.slice(0, 120))""")
        self.assertEqual(wide, [])

    def test_it_fits_a_phone_and_has_two_themes(self):
        page = self.open_live("live-long-tail", width=1360, height=900)
        page.wait("Number(document.querySelector('#throughput .plot').getAttribute('aria-valuemax')) >= 9")
        ground = "getComputedStyle(document.body).backgroundColor"
        grounds = []
        for theme in ("light", "dark"):
            page.prefer(color_scheme=theme, reduced_motion="reduce")
            grounds.append(page.evaluate(ground))
            page.screenshot(ARTEFACTS / f"dashboard-{theme}.png")
        self.assertNotEqual(*grounds)
        # The choice beats the system, and is remembered.
        page.evaluate("const theme = document.getElementById('theme'); theme.value = 'light'; theme.dispatchEvent(new Event('change'))")
        self.assertEqual(page.evaluate(ground), grounds[0])
        page.send("Page.reload")
        page.wait(f"document.readyState === 'complete' && {ground} === {json.dumps(grounds[0])} && document.getElementById('theme').value === 'light'")
        page.wait("document.getElementById('model-name').textContent === 'live-long-tail'")
        page.evaluate("localStorage.clear()")
        page.wait("document.querySelectorAll('#latency path.line').length === 4")
        for width in (320, 360, 768, 1024):
            page.resize(width, 740, is_phone=width < 700)
            self.assert_nothing_sticks_out(page)
            if width == 360:
                small = page.evaluate("""[...document.querySelectorAll("button, select, input, textarea")].filter((e) => e.offsetHeight > 0 && e.offsetHeight < 40)
                    .map((e) => e.id || e.outerHTML.slice(0, 80))""")
                self.assertEqual(small, [], "targets for thumbs")
                page.screenshot(ARTEFACTS / "dashboard-phone.png")
        self.assertEqual(page.complaints, [])

    def test_axe_finds_nothing_to_complain_of(self):
        package = importlib.util.find_spec("axe_core_python")
        if package is None:
            self.skipTest("axe-core-python is not installed")
        axe = (pathlib.Path(package.submodule_search_locations[0]) / "axe.min.js").read_text()
        for model, theme in (("live-long-tail", "light"), ("live-digits", "dark")):
            page = self.open_live(model)
            page.prefer(color_scheme=theme)
            page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })")
            page.evaluate(f"{axe}; undefined")
            violations = page.evaluate("""axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations
                .map(({ id, nodes }) => [id, ...nodes.slice(0, 3).map((node) => node.html.slice(0, 160) + " " + node.failureSummary)]))""")
            self.assertEqual(violations, [], theme)


if __name__ == "__main__":
    unittest.main()
