"""The dashboard in a real browser, while `accrue demo --keep` streams: what it shows, says and asks for."""

import importlib.util
import json
import pathlib
import re
import select
import signal
import struct
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


def npy(rows):
    """A NumPy file of Float64."""
    head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({len(rows)}, {len(rows[0])}), }}"
    head += " " * (-(len(head) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + struct.pack(f"<{len(rows) * len(rows[0])}d", *sum(rows, []))


def contrast(one, other):
    """As WCAG defines it, of two colours of 0 to 255."""

    def luminance(colour):
        parts = [part / 255 for part in colour]
        red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


class Demo:
    """`accrue demo --keep`, once it streams."""

    host = "127.0.0.1"

    def __init__(self):
        self.process = subprocess.Popen([str(BINARY), "demo", "--keep"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        text = b""
        while b"The image shows a" not in text:
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
                versions, deadline = set(), time.monotonic() + PATIENCE
                while len(versions) < 5:
                    shown = page.evaluate(READ)
                    self.assertEqual(shown["name"], model)
                    if shown["version"] in versions:
                        time.sleep(0.05)
                        continue
                    states = watch.seen.get(shown["version"], [])
                    if not states:
                        # On a busy machine a version may be over before GET has asked again.
                        self.assertLess(time.monotonic(), deadline, f"of {len(versions)} versions the page was seen by GET")
                        continue
                    versions.add(shown["version"])
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

    def test_what_the_server_has_kept_is_shown_before_anything_is_read(self):
        # Ten minutes with a gap; metrics never answer.
        kept = """const plain = fetch; window.fetch = async (path, ...rest) => {
          if (path === "metrics") return new Promise(() => {});
          if (!String(path).startsWith("v1/traffic")) return plain(path, ...rest);
          const points = [];
          for (let ago = 595; ago >= 0; ago -= 5) {
            const isGap = ago > 300 && ago <= 330;
            if (isGap && ago > 305) continue;
            points.push({
              seconds_ago: ago, seconds: isGap ? 30 : 5, requests_per_second: isGap ? null : 12, learned_rows_per_second: isGap ? null : ago,
              predict_p50_seconds: null, predict_p99_seconds: null, learn_p50_seconds: isGap ? null : 0.002, learn_p99_seconds: isGap ? null : 0.03,
            });
          }
          window.asked = path;
          return Response.json({ model: "live-digits", interval_seconds: 5, points });
        }"""
        page = self.open_model("live-digits", scripts=[kept])
        page.wait("document.querySelectorAll('#throughput path.line').length === 2")
        self.assertEqual(page.evaluate("window.asked"), "v1/traffic?model=live-digits")
        self.assertEqual(page.evaluate("document.querySelector('#throughput .plot').getAttribute('aria-valuemax')"), "114")
        for path in page.evaluate("[...document.querySelectorAll('#throughput path.line')].map((line) => line.getAttribute('d'))"):
            self.assertEqual(path.count("M"), 2, "the line breaks in the gap")
        # The oldest is as wide as ten minutes from the newest, and the axis says so.
        first, start, last = page.evaluate("""(() => {
          const plot = document.querySelector("#throughput .plot");
          const said = (key) => {
            plot.dispatchEvent(new KeyboardEvent("keydown", { key }));
            return plot.getAttribute("aria-valuetext");
          };
          return [said("Home"), document.querySelector("#throughput svg .start").textContent, said("End")];
        })()""")
        self.assertIn(f"time {start}: Rows this model learned 595, Requests to the server 12", first)
        self.assertIn("Rows this model learned 0, Requests to the server 12", last)
        seconds = [sum(int(part) * unit for part, unit in zip(re.search(r"time (\d+):(\d+):(\d+)", text).groups(), (3600, 60, 1))) for text in (first, last)]
        self.assertEqual((seconds[1] - seconds[0]) % 86400, 595)
        # What is written between is a time that people name.
        ticks = page.evaluate("[...document.querySelectorAll('#throughput svg text:not(.start, .title)')].map((text) => text.textContent)")
        self.assertTrue(any(":" in text for text in ticks), ticks)
        self.assertEqual([text for text in ticks if ":" in text and not re.search(r":\d[05]:00$", text)], [])
        self.assertRegex(page.evaluate("document.querySelector('#latency .legend').textContent"), r"learn, median2 mslearn, 99 %30 ms$")
        self.assertEqual(page.complaints, [])

    def test_readings_go_on_from_what_the_server_has_kept(self):
        server = RunningServer()
        self.addCleanup(server.close)
        with Client(server) as client:
            for name in ("m", "other"):
                client.call("PUT", f"/v1/models/{name}", {"dimension": 2})
            self.stream(server, "m")
            while not any(point["learned_rows_per_second"] for point in client.call("GET", "/v1/traffic?model=m")["points"]):
                time.sleep(0.05)
            page = self.open(f"http://{server.address}/#/models/m")
            newest = "Number(document.querySelector('#throughput .plot').getAttribute('aria-valuemax'))"
            page.wait(f"document.querySelectorAll('#throughput path.line').length === 2 && {newest} >= 4")
            places = [float(x) for x in re.findall(r"[ML]([\d.]+) ", page.evaluate("document.querySelector('#throughput path.line').getAttribute('d')"))]
            self.assertEqual(places, sorted(places))
            # Readings begin where the history ends: first the one, then the other, and the one once only.
            calls = [url.rpartition(server.address)[2] for url in page.requests]
            self.assertEqual([call for call in calls if call.startswith("/v1/traffic")], ["/v1/traffic?model=m"])
            self.assertLess(calls.index("/v1/traffic?model=m"), calls.index("/metrics"))
            # Another model has learned nothing in all that time.
            page.evaluate("location.hash = '#/models/other'")
            page.wait("document.getElementById('model-name').textContent === 'other'")
            page.wait("document.querySelector('#throughput .legend b').textContent === '0'")
            self.assertEqual(sum("/v1/traffic?model=other" in url for url in page.requests), 1)
            self.assertEqual(page.complaints, [])

    def test_an_older_server_has_kept_nothing_and_is_read_all_the_same(self):
        older = """const plain = fetch; window.fetch = async (path, ...rest) => String(path).startsWith("v1/traffic")
          ? new Response('{"detail": "there is nothing"}', { status: 404, headers: { "Content-Type": "application/problem+json" } })
          : plain(path, ...rest)"""
        page = self.open_live("live-digits", scripts=[older])
        page.wait("parseFloat(document.querySelector('#throughput .legend b').textContent) > 0")
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
        for _ in range(90):
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
        for what in ("skip", "#/models/digits", "#/models/live-digits", "theme", "slider", "SUMMARY", "gridcell", "trial-input", "trial-random", "trial-file"):
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
            ("[1, 2", "That is no JSON"), ("[[1, 2], [3, 4]]", "Row 1: These are 2 numbers, 62 too few"), ("1e60", "at most 1e50"),
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

    def replace_text(self, page, selector, text):
        """Types text into a field, in place of what is there."""
        field = f"document.querySelector({json.dumps(selector)})"
        page.evaluate(f"{field}.focus(); {field}.select()")
        page.type(text)

    def test_a_pasted_line_may_have_its_label(self):
        page = self.open_model("digits")
        with Client(self.demo) as client:
            label = client.call("POST", "/v1/models/digits/predict", {"features": [self.demo.example]})["predictions"][0]["label"]
        numbers = ",".join(map(str, self.demo.example))
        body = json.dumps({"features": [self.demo.example], "labels": [label]})
        for text, verdict in [(f"{numbers},{label}x", "wrong"), (f'"{label}x",{numbers}', "wrong"), (body, "right"), (numbers.replace(",", "\t"), None)]:
            page.evaluate(f"""document.getElementById('trial-result').replaceChildren();
                document.getElementById('trial-input').value = {json.dumps(text)}; document.querySelector('#trial .primary').click()""")
            caption = page.wait("document.querySelector('.ranking caption')?.textContent")
            self.assertEqual(re.findall(r"right|wrong", caption), [verdict] if verdict else [])
            self.assertEqual(page.text(".ranking tbody th"), label)
        recent = page.evaluate("[...document.querySelectorAll('#trial-recent li')].map((item) => item.textContent)")
        self.assertEqual(len(recent), 4)
        for line in recent:
            self.assertRegex(line, rf"^{label} .*, pasted, version ")
        # They are of one model.
        page.evaluate("location.hash = '#/models/digits-incremental'")
        page.wait("document.getElementById('model-name').textContent === 'digits-incremental'")
        self.assertTrue(page.evaluate("document.getElementById('trial-recent').hidden"))
        self.assertEqual(page.complaints, [])

    def test_the_rows_of_a_file_are_predicted(self):
        rows = [[round((row * 7 + place * 13) % 17 / 17, 3) for place in range(64)] for row in range(5)]
        with Client(self.demo) as client:
            predicted = [entry["label"] for entry in client.call("POST", "/v1/models/digits/predict", {"features": rows})["predictions"]]
        given = [predicted[0], "none of them", *predicted[2:]]
        head = ",".join(f"pixel {place}" for place in range(64))
        lines = [",".join(map(str, row)) for row in rows]
        files = {
            "labelled.csv": f"class,{head}\r\n" + "".join(f'"{label}",{line}\r\n' for label, line in zip(given, lines)),
            "plain.csv": "\n".join(lines),
            "rows.jsonl": "".join(json.dumps({"features": row, "label": label}) + "\n" for row, label in zip(rows, given)),
            "rows.json": json.dumps(rows),
            "bad.csv": "\n".join([*lines[:2], "1,2"]),
            "bad.npy": b"no array",
            "rows.npy": npy(rows),
        }
        page = self.open_model("digits")
        with tempfile.TemporaryDirectory() as directory:
            for name, content in files.items():
                path = pathlib.Path(directory) / name
                path.write_bytes(content if isinstance(content, bytes) else content.encode())
                page.evaluate("document.getElementById('trial-result').replaceChildren()")
                page.choose_file("#trial-file", path)
                if name.startswith("bad"):
                    message = page.wait("document.getElementById('trial-message').textContent")
                    self.assertRegex(message, "^Row 3: These are 2 numbers, 62 too few" if name == "bad.csv" else "^4\\d\\d: ")
                    self.assertEqual(page.evaluate("document.getElementById('trial-file').getAttribute('aria-invalid')"), "true")
                    continue
                page.wait("document.querySelectorAll('.answers tbody tr').length === 5")
                self.assertEqual(page.evaluate("[...document.querySelectorAll('.answers tbody tr')].map((row) => row.children[1].textContent)"), predicted)
                caption = page.text(".answers caption")
                self.assertEqual("4 of 5 labels right" in caption, name in ("labelled.csv", "rows.jsonl"), caption)
                self.assertIn(f", {name}, version ", page.text("#trial-recent li"))
                self.assertEqual(page.text("#trial-message"), "")
        self.assertEqual([text for text in page.complaints if "400" not in text and "415" not in text and "422" not in text], [])

    def test_a_class_is_renamed_where_its_label_stands(self):
        server = RunningServer()
        self.addCleanup(server.close)
        with Client(server) as client:
            client.call("PUT", "/v1/models/m", {"dimension": 2})
            client.call("POST", "/v1/models/m/learn", {"features": [[1, 0], [0, 1]], "labels": ["a/b", "c"]})
            page = self.open(f"http://{server.address}/#/models/m")
            page.wait("document.querySelectorAll('.bars tbody tr').length === 2")
            page.evaluate("document.querySelector('.renaming button').focus()")
            page.press("Enter")
            self.assertEqual(page.evaluate("document.activeElement.getAttribute('aria-pressed')"), "true")
            page.evaluate("[...document.querySelectorAll('.bars .name')].find((e) => e.textContent === 'a/b').focus()")
            page.press("Enter")
            self.assertEqual(page.evaluate("[document.activeElement.id, document.activeElement.value]"), ["rename-field", "a/b"])

            # What is typed is not lost when rows come meanwhile.
            self.replace_text(page, "#rename-field", "c")
            version = client.call("POST", "/v1/models/m/learn", {"features": [[1, 1]], "labels": ["c"]})["version"]
            page.wait(f"Number(document.getElementById('model').dataset.version) >= {version}")
            self.assertEqual(page.evaluate("document.activeElement.value"), "c")
            page.press("Enter")
            page.wait("document.getElementById('rename-problem').textContent.startsWith('409: ')")
            self.assertEqual(page.evaluate("document.activeElement.id"), "rename-field")

            # Escape changes nothing.
            page.press("Escape")
            self.assertEqual(sorted(row[0] for row in page.evaluate(READ)["bars"]), ["a/b", "c"])
            self.assertEqual(page.evaluate("document.activeElement.textContent"), "a/b")
            page.press("Enter")
            label = "é/\u202eב?#%<b> " + "wide" * 100
            self.replace_text(page, "#rename-field", label)
            page.press("Enter")
            page.wait("document.querySelector('.renaming .message').textContent.startsWith('Renamed.')")
            self.assertEqual(sorted(row[0] for row in page.evaluate(READ)["bars"]), ["c", label])
            self.assertEqual(page.evaluate("document.activeElement.textContent"), label)
            classes = client.call("GET", "/v1/models/m")["evaluation"]["classes"]
            self.assertEqual(sorted(entry["label"] for entry in classes), ["c", label])
            # It is no new class, and the server has told the page of it.
            page.wait(f"document.querySelector('.matrix').textContent.includes({json.dumps(label)}) || document.querySelector('.matrix-frame').closest('[hidden]')")
            self.assertTrue(page.evaluate("document.querySelector('.news').hidden"))
            page.resize(360, 740, is_phone=True)
            self.assert_nothing_sticks_out(page)
        self.assertEqual([text for text in page.complaints if "409" not in text], [])

    def test_who_may_only_read_is_told_so_when_renaming(self):
        with tempfile.TemporaryDirectory() as data, RunningServer("--data", data) as server, Client(server) as client:
            client.call("PUT", "/v1/models/m", {"dimension": 2})
            client.call("POST", "/v1/models/m/learn", {"features": [[1, 0], [0, 1]], "labels": ["a", "b"]})
            tokens = pathlib.Path(data).parent / f"{pathlib.Path(data).name}.tokens"
            self.addCleanup(tokens.unlink)
            tokens.touch(mode=0o600)
            tokens.write_text(f"read {TOKEN}\n")
            server.stop()
            with RunningServer("--data", data, "--token-file", str(tokens)) as guarded:
                page = self.open(f"http://{guarded.address}/#/models/m")
                page.wait("document.getElementById('token').open")
                page.type(TOKEN)
                page.press("Enter")
                page.wait("document.querySelectorAll('.bars tbody tr').length === 2")
                page.evaluate("document.querySelector('.renaming button').click(); document.querySelector('.bars .name').click()")
                page.type("z")
                page.press("Enter")
                page.wait("document.getElementById('rename-problem').textContent.startsWith('403: ')")
                self.assertFalse(page.evaluate("document.getElementById('token').open"))

    def test_new_classes_are_named_as_they_come(self):
        with RunningServer() as server, Client(server) as client:
            client.call("PUT", "/v1/models/m", {"dimension": 2})
            client.call("POST", "/v1/models/m/learn", {"features": [[1, 0], [0, 1]], "labels": ["a", "b"]})
            page = self.open(f"http://{server.address}/#/models/m")
            page.wait("document.querySelectorAll('.bars tbody tr').length === 2")
            self.assertTrue(page.evaluate("document.querySelector('.news').hidden"), "those that were there are not new")
            for label in ("c", "<i>d</i>"):
                version = client.call("POST", "/v1/models/m/learn", {"features": [[1, 1]], "labels": [label]})["version"]
                page.wait(f"Number(document.getElementById('model').dataset.version) >= {version}")
            lines = page.evaluate("[...document.querySelectorAll('.news li')].map((item) => item.textContent)")
            self.assertEqual(len(lines), 2)
            self.assertTrue(lines[0].startswith("<i>d</i>") and lines[1].startswith("c"), lines)
            self.assertTrue(lines[0].endswith(f"version {version}"), lines)
            # A rename is seen as one.
            client.call("PATCH", "/v1/models/m/classes/c", {"label": "e"})
            page.wait("document.querySelectorAll('.news b')[1].textContent === 'e'")
            self.assertEqual(page.evaluate("document.querySelectorAll('.news li').length"), 2)
            self.assertEqual(page.complaints, [])

    def test_what_drift_and_condition_are_is_said_in_place(self):
        page = self.open_model("digits")
        page.wait("document.querySelectorAll('#state .what').length > 2")
        for title, word in (("Drift", "rounding"), ("Condition", "ridge")):
            find = f"[...document.querySelectorAll('#state .what')].find((e) => e.textContent === '{title}')"
            self.assertEqual(page.evaluate(f"{find}.getAttribute('aria-expanded')"), "false")
            page.evaluate(f"{find}.focus()")
            page.press("Enter")
            meaning = page.evaluate(f"document.getElementById({find}.getAttribute('aria-controls')).innerText")
            self.assertIn(word, meaning)
            self.assertEqual(page.evaluate(f"{find}.getAttribute('aria-expanded')"), "true")
            page.press("Enter")
            self.assertTrue(page.evaluate(f"document.getElementById({find}.getAttribute('aria-controls')).hidden"))

    def test_the_balance_is_a_curve_and_a_slider(self):
        with Client(self.demo) as client:
            details = client.call("GET", "/v1/models/digits")
        page = self.open_model("digits")
        page.wait("document.querySelectorAll('#balance path.line').length === 2")
        points = details["evaluation"]["balance"]["points"]
        page.evaluate("document.querySelector('#balance .plot').focus()")
        page.press("End")
        self.assertIn(f"{100 * points[4]['balanced_accuracy']:.2f}", page.text("#balance .legend"))
        self.assertIn("predictions have 0", page.text("#balance-note"))
        self.assertFalse(page.evaluate("document.getElementById('trial-balance-field').hidden"))
        self.assertIn("as the model has it", page.text("#trial-balance-value"))
        page.evaluate("""(() => {
            const slider = document.getElementById('trial-balance');
            slider.value = '0.75';
            slider.dispatchEvent(new Event('input'));
            document.getElementById('trial-random').click();
        })()""")
        page.wait("document.querySelector('#trial-result caption')?.textContent.includes('balance 0.75')")
        self.assertEqual(page.text("#trial-balance-value"), "0.75")
        self.assertEqual(page.complaints, [])

    def test_panels_fold_and_stay_so(self):
        page = self.open_model("digits")
        find = "document.querySelector('#confusion-title button')"
        self.assertEqual(page.evaluate(f"{find}.getAttribute('aria-expanded')"), "true")
        page.evaluate(f"{find}.focus()")
        page.press("Enter")
        self.assertTrue(page.evaluate("document.getElementById('confusion').hidden"))
        page.send("Page.reload")
        page.wait(f"document.readyState === 'complete' && {find}?.getAttribute('aria-expanded') === 'false'")
        page.evaluate(f"{find}.click()")
        self.assertFalse(page.evaluate("document.getElementById('confusion').hidden"))
        page.evaluate("localStorage.clear()")
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

    def test_a_model_that_predicts_and_cannot_learn_yet_is_shown(self):
        recovering = """const plain = fetch; window.fetch = async (path, ...rest) => {
          const answer = await plain(path, ...rest);
          const json = (value) => new Response(JSON.stringify(value), { headers: { "Content-Type": "application/json" } });
          if (window.isRecovered || !["v1/models", "v1/models/m"].includes(path)) return answer;
          const value = await answer.json();
          if (value.models) return json({ models: value.models.map((model) => ({ ...model, state: "recovering" })) });
          return json({ ...value, state: "recovering", ill_conditioned: null, inexact: null, condition_estimate: null, drift: null, solves: null });
        }"""
        with RunningServer() as server, Client(server) as client:
            client.call("PUT", "/v1/models/m", {"dimension": 2})
            client.call("POST", "/v1/models/m/learn", {"features": [[1, 0], [0, 1]], "labels": ["a", "b"]})
            page = self.open(f"http://{server.address}/", scripts=[recovering])
            page.wait("document.getElementById('model-name').textContent === 'm'")
            page.wait("document.getElementById('notice-text').textContent.includes('does not learn yet')")
            self.assertIn("2 rows, 2 classes, being recovered", page.text("#model-links"))
            state = page.evaluate(READ)["state"]
            self.assertIn("not yet", state["Learning"])
            for title in ["Drift", "Condition", "Exact", "Solved again"]:
                self.assertEqual(state[title], "–", title)
            page.evaluate("window.isRecovered = true")
            page.wait("document.getElementById('notice-text').textContent === ''")

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
        for title in ("Queue", "Log", "Checkpoint", "Drift", "Solved again", "Last rebalance", "Calibration", "Memory"):
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

    def assert_targets_suit_thumbs(self, page):
        small = page.evaluate("""[...document.querySelectorAll("button, select, input, textarea")].filter((e) => e.offsetHeight > 0 && e.offsetHeight < 40)
            .map((e) => e.id || e.outerHTML.slice(0, 80))""")
        self.assertEqual(small, [])

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
                self.assert_targets_suit_thumbs(page)
                page.screenshot(ARTEFACTS / "dashboard-phone.png")
        self.assertEqual(page.complaints, [])

    def test_confusions_have_a_legend_whose_tints_differ(self):
        page = self.open_model("digits")
        page.wait("document.querySelectorAll('.tints tbody td').length === 10")
        colours = """[...document.querySelectorAll('.tints tbody tr')].map((row) => [...row.querySelectorAll('td')].map((cell) => {
            const { backgroundColor, color } = getComputedStyle(cell);
            return [backgroundColor, color].map((text) => text.match(/[\\d.]+/g).slice(0, 3).map(Number));
        }))"""
        for theme in ("light", "dark"):
            page.prefer(color_scheme=theme, reduced_motion="reduce")
            right, wrong = page.evaluate(colours)
            for line in (right, wrong):
                for ground, ink in line:
                    self.assertGreaterEqual(contrast(ground, ink), 4.5, theme)
                for (one, _), (next_one, _) in zip(line, line[1:]):
                    self.assertGreaterEqual(contrast(one, next_one), 1.25, theme)
            for (one, _), (other, _) in zip(right, wrong):
                self.assertGreater(sum(abs(a - b) for a, b in zip(one, other)), 60, theme)
        # A cell has the tint of its share.
        tints = page.evaluate("""[...document.querySelectorAll('.matrix tbody td')].map((cell) => [cell.getAttribute('aria-label'), cell.dataset.tint])""")
        for words, tint in tints:
            rows, total = (int(number.replace(",", "")) for number in re.search(r": ([\d,]+) of ([\d,]+) ", words).groups())
            share = rows / total if total else 0
            self.assertEqual(int(tint), 0 if share == 0 else 1 + sum(share > bound + 1e-12 for bound in (0.01, 0.05, 0.2, 0.6)), words)

    def test_axes_say_where_they_start(self):
        page = self.open_live("live-digits")
        page.wait("document.querySelectorAll('#latency path.line').length === 4")
        first = page.evaluate("[...document.querySelectorAll('#stream, #throughput, #latency')].map((e) => e.querySelector('svg .start').textContent)")
        self.assertEqual(len([text for text in first if text]), 3)
        # Each time until the page has drawn what it read.
        for panel, pattern in (("latency", r"log scale from [\d.]+\s(µs|ms|s)$"), ("throughput", r"^time$")):
            self.assertRegex(page.evaluate(f"document.querySelector('#{panel} svg .title').textContent"), pattern)
        title, lowest = page.evaluate("[document.querySelector('#stream svg .title').textContent, document.querySelector('#stream svg text').textContent]")
        self.assertEqual(title, "rows predicted" if lowest.startswith("0") else f"rows predicted · vertical axis from {lowest}")
        self.assertIn("log scale from 1 row", page.text("#classes-note"))
        # No label lies on another, however narrow.
        for width in (1280, 360):
            page.resize(width, 900)
            page.evaluate("document.querySelectorAll('.fold[aria-expanded=\"false\"]').forEach((button) => button.click())")
            page.wait("document.querySelector('#latency svg').getBoundingClientRect().width < innerWidth")
            overlaps = page.evaluate("""[...document.querySelectorAll('#stream svg, #throughput svg, #latency svg')].flatMap((svg) => {
                const boxes = [...svg.querySelectorAll('text')].map((text) => [text.textContent, text.getBoundingClientRect()]);
                return boxes.flatMap(([one, a], index) => boxes.slice(index + 1)
                    .filter(([, b]) => a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom).map(([other]) => [one, other]));
            })""")
            self.assertEqual(overlaps, [], width)
        page.evaluate("localStorage.clear()")

    def test_a_phone_begins_with_most_panels_folded(self):
        page = self.open_model("live-long-tail", width=360, height=740)
        page.resize(360, 740, is_phone=True)
        page.wait("document.querySelectorAll('#stream path.line').length === 4")
        folded = page.evaluate("document.documentElement.scrollHeight")
        page.evaluate("document.querySelectorAll('.fold[aria-expanded=\"false\"]').forEach((button) => button.click())")
        page.wait("document.querySelectorAll('#latency path.line').length === 4")
        self.assertLess(folded, 0.55 * page.evaluate("document.documentElement.scrollHeight"))
        self.assert_nothing_sticks_out(page)
        self.assert_targets_suit_thumbs(page)
        page.screenshot(ARTEFACTS / "dashboard-phone-unfolded.png")
        page.evaluate("localStorage.clear()")
        self.assertEqual(page.complaints, [])

    def test_what_is_wider_than_a_phone_says_so(self):
        with Client(self.demo) as client:
            client.call("PUT", "/v1/models/wide", {"dimension": 20})
            rows = [[float(row == column) for column in range(20)] for row in range(20)]
            for _ in range(2):
                client.call("POST", "/v1/models/wide/learn", {"features": rows, "labels": [f"class {row}" for row in range(20)]})
        page = self.open_model("wide", width=360, height=740)
        page.evaluate("document.querySelector('#confusion-title button').click()")
        cued = "document.querySelector('.matrix-frame').closest('.cued')"
        page.wait(f"{cued}.classList.contains('more-right') && !{cued}.classList.contains('more-left')")
        self.assertIn("Scroll sideways", page.evaluate(f"{cued}.innerText"))
        page.evaluate("document.querySelector('.matrix-frame').scrollLeft = 1e4")
        page.wait(f"!{cued}.classList.contains('more-right') && {cued}.classList.contains('more-left')")
        self.assert_nothing_sticks_out(page)
        page.evaluate("localStorage.clear()")

    def test_axe_finds_nothing_to_complain_of(self):
        package = importlib.util.find_spec("axe_core_python")
        if package is None:
            self.skipTest("axe-core-python is not installed")
        axe = (pathlib.Path(package.submodule_search_locations[0]) / "axe.min.js").read_text()
        for model, theme in (("live-long-tail", "light"), ("live-digits", "dark")):
            page = self.open_live(model)
            page.prefer(color_scheme=theme)
            page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })")
            page.evaluate("document.querySelectorAll('.what, .renaming button, #trial-random').forEach((button) => button.click())")
            page.wait("document.querySelector('.ranking') !== null")
            page.evaluate("if (document.querySelector('.bars .name')) document.querySelector('.bars .name').click()")
            page.evaluate(f"{axe}; undefined")
            violations = page.evaluate("""axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations
                .map(({ id, nodes }) => [id, ...nodes.slice(0, 3).map((node) => node.html.slice(0, 160) + " " + node.failureSummary)]))""")
            self.assertEqual(violations, [], theme)


if __name__ == "__main__":
    unittest.main()
