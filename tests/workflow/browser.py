"""A headless Chromium without a network, spoken to over its debugging pipe."""

import contextlib
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

FLAGS = (
    "--headless=new",
    "--no-sandbox",  # or Chromium refuses to run as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--window-size=1600,1000",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # no name and no address leads anywhere
    "--remote-debugging-pipe",
)
TIMEOUT_S = 60
# What a page shows, once all of it has arrived
WHOLE_TEXT = "document.readyState == 'complete' && document.body.innerText.trim()"


class Browser:
    """One page of a running Chromium, and what it does unasked."""

    def __init__(self, into: int, out: int):
        self._into, self._out = into, out
        self._rest, self._number, self._session = b"", 0, None
        self._contexts: dict[str, int] = {}
        self._loaded = 0
        self.errors: list = []
        self.dialogs: list[str] = []
        self.requests: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def _send(self, method: str, **params) -> int:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._into, json.dumps(message).encode() + b"\0")
        return self._number

    def call(self, method: str, **params) -> dict:
        """Send one command and give its result."""
        number = self._send(method, **params)
        while (answer := self._read()).get("id") != number:
            pass
        assert "error" not in answer, (method, answer["error"])
        return answer["result"]

    def _read(self) -> dict:
        """Give the next message, having noted what it tells of the page."""
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._out], [], [], TIMEOUT_S)
            assert ready, f"Chromium said nothing for {TIMEOUT_S} s"
            part = os.read(self._out, 1 << 20)
            assert part, "Chromium has ended"
            self._rest += part
        text, self._rest = self._rest.split(b"\0", 1)
        message = json.loads(text)
        event, params = message.get("method"), message.get("params", {})
        if event == "Page.loadEventFired":
            self._loaded += 1
        elif event == "Runtime.executionContextCreated":
            self._contexts[params["context"]["auxData"]["frameId"]] = params["context"]["id"]
        elif event == "Runtime.exceptionThrown":
            self.errors.append(params["exceptionDetails"])
        elif event == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
            self.errors.append(params["args"])
        elif event == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(params["entry"])
        elif event == "Page.javascriptDialogOpening":
            self.dialogs.append(params["message"])
            self._send("Page.handleJavaScriptDialog", accept=True)
        return message

    def open(self, path: Path) -> None:
        """Open a file and wait until it has loaded."""
        before = self._loaded
        self.call("Page.navigate", url=path.as_uri())
        while self._loaded == before:
            self._read()

    def run(self, script: str, frame: str | None = None):
        """Evaluate an expression in the page, or in one of its frames, and give its value."""
        where = {"contextId": self._contexts[frame]} if frame else {}
        done = self.call("Runtime.evaluate", expression=script, returnByValue=True, **where)
        assert "exceptionDetails" not in done, (script, done)
        return done["result"].get("value")

    def wait(self, script: str):
        """Evaluate an expression until it is true, and give its value."""
        return self._until(lambda: self.run(script), script)

    def text_of_frame(self) -> str:
        """Give the text that the page's one frame shows."""

        def text():
            frames = self.call("Page.getFrameTree")["frameTree"].get("childFrames", [])
            known = [f["frame"]["id"] for f in frames if f["frame"]["id"] in self._contexts]
            return known and self.run(WHOLE_TEXT, known[-1])

        return self._until(text, "a frame with text")

    def _until(self, look, what: str):
        end = time.monotonic() + TIMEOUT_S
        while not (value := look()):
            assert time.monotonic() < end, f"never seen: {what}"
            time.sleep(0.02)
        return value


@contextlib.contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """Start Chromium with its profile in `folder`; afterwards `requests` is complete.

    Where there is no Chromium the test is skipped, but not in CI, where it must be there.
    """
    program = shutil.which("chromium")
    if program is None:
        reason = "no chromium is installed (tests/packages.txt)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    log = folder / "net.json"
    flags = [*FLAGS, f"--user-data-dir={folder / 'profile'}", f"--log-net-log={log}"]
    # Its first page is an empty one: that for new tabs asks its maker for news.
    command = [program, *flags, "about:blank"]
    from_us, into = os.pipe()
    out, to_us = os.pipe()
    # Chromium takes commands from descriptor 3 and answers on 4.
    process = subprocess.Popen(
        ["bash", "-c", f'exec "$@" 3<&{from_us} 4>&{to_us}', "bash", *command],
        pass_fds=(from_us, to_us),
        stderr=subprocess.DEVNULL,
    )
    os.close(from_us)
    os.close(to_us)
    try:
        browser = Browser(into, out)
        yield browser
        browser._send("Browser.close")
        process.wait(TIMEOUT_S)
    finally:
        process.kill()
        process.wait()
        os.close(into)
        os.close(out)
    browser.requests = _requests(log)


def _requests(log: Path) -> list[str]:
    """List what pages asked of any host; what the browser asks for itself has no origin."""
    found = json.loads(log.read_text(encoding="utf-8"))
    start = found["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    asked = [event.get("params", {}) for event in found["events"] if event["type"] == start]
    own = ("file:", "data:", "blob:")
    return [
        request["url"]
        for request in asked
        if request.get("initiator", "not an origin") != "not an origin"
        and not request["url"].startswith(own)
    ]
