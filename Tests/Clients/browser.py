"""A headless Chromium, driven over the DevTools protocol through a pipe: no port, no driver, no package."""

import base64
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

# How long a condition may take before it counts as never; nothing here measures time.
PATIENCE = 300

FLAGS = [
    "--headless=new", "--remote-debugging-pipe", "--no-first-run", "--no-default-browser-check", "--disable-gpu",
    "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-extensions", "--mute-audio", "--no-proxy-server",
]  # fmt: skip

KEYS = {
    "Tab": 9, "Enter": 13, "Escape": 27, "PageUp": 33, "PageDown": 34, "End": 35, "Home": 36, "ArrowLeft": 37, "ArrowUp": 38,
    "ArrowRight": 39, "ArrowDown": 40,
}  # fmt: skip


class ScriptError(AssertionError):
    """A script on the page threw."""


class Browser:
    """A browser with a profile of its own."""

    def __init__(self):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.log = tempfile.TemporaryFile("w+")
        for_browser, self.output = os.pipe()
        self.input, from_browser = os.pipe()
        # It reads descriptor 3 and writes 4. Root may have no sandbox.
        flags = [*FLAGS, f"--user-data-dir={self.profile.name}", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        command = ["bash", "-c", f'exec "$@" 3<&{for_browser} 4>&{from_browser}', "bash", CHROMIUM, *flags, "about:blank"]
        self.process = subprocess.Popen(
            command, pass_fds=(for_browser, from_browser), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            start_new_session=True,
        )  # fmt: skip
        os.close(for_browser)
        os.close(from_browser)
        self.rest = b""
        self.last = 0
        self.pages = {}

    def send(self, method, session=None, **parameters):
        """Sends a command and returns its result."""
        self.last += 1
        number = self.last
        message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.output, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = self.receive(deadline - time.monotonic())
            if answer is None:
                raise AssertionError(f"the browser does not answer {method}; its log: {self.read_log()}")
            if answer.get("id") == number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return answer["result"]

    def receive(self, patience):
        """The next message; None where there is none in time. Events go to their page."""
        deadline = time.monotonic() + patience
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.input], [], [], max(0, deadline - time.monotonic()))
            piece = os.read(self.input, 1 << 20) if ready else b""
            if not piece:
                return None
            self.rest += piece
        text, _, self.rest = self.rest.partition(b"\0")
        message = json.loads(text)
        if "id" not in message and message.get("sessionId") in self.pages:
            self.pages[message["sessionId"]].note(message["method"], message["params"])
        return message

    def open(self, url, width=1280, height=900, scripts=()):
        """Opens a page."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session, target)
        self.pages[session] = page
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.send(f"{domain}.enable")
        page.resize(width, height)
        for script in scripts:
            page.send("Page.addScriptToEvaluateOnNewDocument", source=script)
        page.send("Page.navigate", url=url)
        page.wait("location.href !== 'about:blank' && document.readyState === 'complete'")
        return page

    def read_log(self):
        self.log.seek(0)
        return self.log.read()[-2000:]

    def close(self):
        try:
            self.send("Browser.close")
        except (AssertionError, OSError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self.input)
        os.close(self.output)
        self.log.close()
        self.profile.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Page:
    """A tab."""

    def __init__(self, browser, session, target):
        self.browser = browser
        self.session = session
        self.target = target
        self.complaints = []
        self.requests = []

    def send(self, method, **parameters):
        return self.browser.send(method, self.session, **parameters)

    def note(self, method, event):
        """Keeps what a user would see in the console, and where requests go."""
        if method == "Runtime.exceptionThrown":
            details = event["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Runtime.consoleAPICalled" and event["type"] in ("error", "warning", "assert"):
            self.complaints.append(" ".join(str(part.get("value", part.get("description"))) for part in event["args"]))
        elif method == "Log.entryAdded" and event["entry"]["level"] in ("error", "warning"):
            entry = event["entry"]
            self.complaints.append(f"{entry['source']}: {entry['text']} {entry.get('url', '')}")
        elif method == "Network.requestWillBeSent":
            self.requests.append(event["request"]["url"])

    def evaluate(self, expression):
        """The value of a JavaScript expression; promises are awaited."""
        answer = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise ScriptError(details.get("exception", {}).get("description") or details["text"])
        return answer["result"].get("value")

    def wait(self, condition, patience=PATIENCE):
        """Waits until an expression is truthy, and returns its value."""
        deadline = time.monotonic() + patience
        while True:
            value = self.evaluate(condition)
            if value:
                return value
            if time.monotonic() > deadline:
                text = self.evaluate("document.body.innerText.slice(0, 1500)")
                raise AssertionError(f"never became true: {condition}\ncomplaints: {self.complaints}\npage: {text}")
            time.sleep(0.05)

    def text(self, selector):
        """The text of an element as it is rendered."""
        return self.evaluate(f"document.querySelector({json.dumps(selector)})?.innerText")

    def press(self, key, modifiers=0):
        """Presses a key: one of `KEYS`, or a character."""
        if key in KEYS:
            text = {"text": "\r"} if key == "Enter" else {}
            event = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS[key], "modifiers": modifiers}
            self.send("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **event, **text)
            self.send("Input.dispatchKeyEvent", type="keyUp", **event)
        else:
            self.type(key)

    def type(self, text):
        """Types text into what has the focus."""
        self.send("Input.insertText", text=text)

    def choose_file(self, selector, path):
        """Chooses a file in a file field, as a user does."""
        root = self.send("DOM.getDocument")["root"]["nodeId"]
        node = self.send("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.send("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

    def resize(self, width, height, is_phone=False):
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2 if is_phone else 1, mobile=is_phone
        )

    def prefer(self, **features):
        """Sets media features, as `color_scheme="dark"`."""
        wanted = [{"name": "prefers-" + name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.send("Emulation.setEmulatedMedia", features=wanted)

    def screenshot(self, path, whole=True):
        """Writes a PNG of the whole page, or of what is in view."""
        data = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole, **self._clip(whole))["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(data))

    def _clip(self, whole):
        if not whole:
            return {}
        size = self.send("Page.getLayoutMetrics")["cssContentSize"]
        return {"clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}}

    def close(self):
        self.browser.send("Target.closeTarget", targetId=self.target)
