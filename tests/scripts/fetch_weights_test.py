"""Tests of scripts/fetch_weights.sh against a small hub on this machine."""

import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from safetensors_file import build, floats, parse

ROOT = Path(__file__).resolve().parents[2]
RESOLVE = "/timm/vgg11.tv_in1k/resolve/main/model.safetensors"
MISSING = [tool for tool in ("bash", "curl", "flock", "sha256sum") if shutil.which(tool) is None]


class Hub(ThreadingHTTPServer):
    """Serves one file as a model hub does, with what can go wrong on request."""

    daemon_threads = True

    def __init__(self, content):
        super().__init__(("127.0.0.1", 0), Answer)
        self.content = content
        self.declared = hashlib.sha256(content).hexdigest()
        self.redirects = False  # the bytes lie elsewhere, where HEAD is refused
        self.ranges = True
        self.breaks_after = []  # for each of the next answers: bytes until the line breaks
        self.statuses = []  # for each of the next answers to GET: its status
        self.got = []  # (method, path, Range)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def plain(self, status, *headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer(self, with_body):
        hub = self.server
        hub.got.append((self.command, self.path, self.headers.get("Range")))
        if self.path not in (RESOLVE, "/elsewhere"):
            return self.plain(404)
        if self.path == "/elsewhere" and not with_body:
            return self.plain(403)
        if with_body and hub.statuses:
            status = hub.statuses.pop(0)
            if status != 200:
                return self.plain(status)
        linked = [("X-Linked-ETag", f'"{hub.declared}"')] if hub.declared else []
        if self.path == RESOLVE and hub.redirects:
            return self.plain(302, ("Location", f"{hub.url}/elsewhere"), *linked)
        begin = 0
        if hub.ranges and self.headers.get("Range"):
            begin = int(self.headers["Range"].split("=")[1].split("-")[0])
            if begin >= len(hub.content):
                return self.plain(416, ("Content-Range", f"bytes */{len(hub.content)}"))
        self.send_response(206 if begin else 200)
        for name, value in linked:
            self.send_header(name, value)
        if begin:
            size = len(hub.content)
            self.send_header("Content-Range", f"bytes {begin}-{size - 1}/{size}")
        self.send_header("Content-Length", str(len(hub.content) - begin))
        self.end_headers()
        if with_body:
            body = hub.content[begin:]
            if hub.breaks_after:
                body = body[: hub.breaks_after.pop(0)]
                self.close_connection = True
            self.wfile.write(body)

    def do_HEAD(self):
        self.answer(False)

    def do_GET(self):
        self.answer(True)


@unittest.skipIf(MISSING, f"programs: {', '.join(MISSING)}")
class Fetch(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.scripts = Path(folder.name) / "scripts"
        self.scripts.mkdir()
        for name in ("fetch_weights.sh", "convert_weights.py", "classifier_weights.py",
                     "weights.sha256"):
            shutil.copy(ROOT / "scripts" / name, self.scripts)
        self.cache = Path(folder.name) / "models" / "cache"
        self.part = self.cache / ".partial" / "vgg11.safetensors"
        self.content = build({"features.0.weight": ("F32", [3000], floats(*range(3000)))})
        self.hub = Hub(self.content)
        self.addCleanup(self.hub.server_close)
        self.addCleanup(self.hub.shutdown)

    def fetch(self, *arguments, hub=None, env=()):
        environment = dict(os.environ, PHOSPHENE_HUB=hub or self.hub.url, no_proxy="127.0.0.1")
        environment.pop("PHOSPHENE_MODELS", None)
        environment.update(env)
        return subprocess.run(
            [str(self.scripts / "fetch_weights.sh"), *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip

    def ranges(self):
        return [sent for method, _, sent in self.hub.got if method == "GET"]

    def leave_part(self, content):
        self.part.parent.mkdir(parents=True)
        self.part.write_bytes(content)

    def check_fetched(self, done):
        self.assertEqual(done.returncode, 0, done.stderr)
        tensors, metadata = parse(self.cache / "vgg11.safetensors")
        self.assertEqual(
            tensors, {"features.0.weight": ("F32", [3000], floats(*range(3000)))}
        )
        self.assertEqual(metadata["model"], "vgg11")
        self.assertEqual(metadata["padding"], "zero")
        self.assertEqual(
            metadata["input"], "RGB 0..1 minus (0.485,0.456,0.406) over (0.229,0.224,0.225)"
        )
        self.assertEqual(metadata["source"], "timm/vgg11.tv_in1k")
        self.assertFalse(self.part.exists())

    def check_failed(self, done, *parts):
        self.assertEqual(done.returncode, 1, done.stderr)
        for part in parts:
            self.assertIn(part, done.stderr.splitlines()[-1])
        self.assertEqual(list(self.cache.glob("*.safetensors")), [])

    def test_fetched(self):
        self.check_fetched(self.fetch("vgg11"))
        self.hub.got.clear()
        again = self.fetch("vgg11")
        self.assertEqual(again.returncode, 0)
        self.assertIn("there already", again.stderr)
        self.assertEqual(self.hub.got, [])

    def test_into_another_folder(self):
        self.cache = self.cache.parent / "other"
        self.part = self.cache / ".partial" / "vgg11.safetensors"
        self.check_fetched(self.fetch("vgg11", env={"PHOSPHENE_MODELS": str(self.cache)}))

    def test_through_a_redirect(self):
        self.hub.redirects = True
        self.check_fetched(self.fetch("vgg11"))

    def test_goes_on_when_the_line_breaks(self):
        self.hub.breaks_after = [5000]
        self.check_fetched(self.fetch("vgg11"))
        self.assertEqual(self.ranges(), [None, "bytes=5000-"])

    def test_goes_on_in_a_later_run(self):
        self.leave_part(self.content[:7000])
        self.check_fetched(self.fetch("vgg11"))
        self.assertEqual(self.ranges(), ["bytes=7000-"])

    def test_all_is_there_but_the_check(self):
        self.leave_part(self.content)
        self.check_fetched(self.fetch("vgg11"))

    def test_starts_again_where_the_hub_cannot_resume(self):
        self.hub.ranges = False
        self.leave_part(self.content[:7000])
        self.check_fetched(self.fetch("vgg11"))

    def test_gives_up_a_line_that_breaks_again_and_again(self):
        self.hub.breaks_after = [100] * 10
        self.check_failed(self.fetch("vgg11"), RESOLVE, "the transfer broke off")
        self.assertEqual(self.part.read_bytes(), self.content[:400])  # a later run goes on here
        self.hub.breaks_after = []
        self.check_fetched(self.fetch("vgg11"))

    def test_tries_again_when_the_hub_is_busy(self):
        self.hub.statuses = [503, 200]
        self.check_fetched(self.fetch("vgg11"))

    def test_wrong_hash(self):
        self.hub.declared = "0" * 64
        done = self.fetch("vgg11")
        found = hashlib.sha256(self.content).hexdigest()
        self.check_failed(done, f"SHA-256 is {found}", f"expected {'0' * 64}", "was removed")
        self.assertFalse(self.part.exists())

    def test_a_part_of_another_file_is_not_kept(self):
        self.leave_part(b"x" * 7000)
        self.check_failed(self.fetch("vgg11"), "SHA-256", "was removed")
        self.check_fetched(self.fetch("vgg11"))

    def test_the_stated_hash_comes_first(self):
        with open(self.scripts / "weights.sha256", "a") as table:
            table.write(f"{'1' * 64}  timm/vgg11.tv_in1k\n")
        self.check_failed(self.fetch("vgg11"), f"expected {'1' * 64}")

    def test_no_hash_is_refused_unless_asked_for(self):
        for declared in ("", "abc123", "0" * 40):
            self.hub.declared = declared
            self.check_failed(self.fetch("vgg11"), "nobody states its SHA-256", "--no-verify")
        self.assertEqual(self.ranges(), [])
        self.check_fetched(self.fetch("--no-verify", "vgg11"))

    def test_no_weights_inside(self):
        self.hub.content = self.content[:-1]
        self.hub.declared = hashlib.sha256(self.hub.content).hexdigest()
        self.check_failed(self.fetch("vgg11"), "not a valid safetensors file")

    def test_not_found(self):
        done = self.fetch("vgg13")
        self.check_failed(done, "vgg13.tv_in1k", "HTTP status 404")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.hub.statuses = [404]
        self.check_failed(self.fetch("vgg11"), "HTTP status 404")

    def test_refused_connection(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
        done = self.fetch("vgg11", hub=f"http://127.0.0.1:{port}")
        self.check_failed(done, f"127.0.0.1:{port}", "the connection was refused")

    def test_a_cache_that_cannot_be_made(self):
        self.cache.parent.mkdir()
        self.cache.write_text("a file")
        done = self.fetch("vgg11")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot be", done.stderr)

    def test_usage(self):
        for arguments, part in (
            ((), "expected a name"),
            (("vgg18",), "unknown name 'vgg18'; expected one of: vgg16_hed vgg11"),
            (("vgg",), "unknown name 'vgg'"),
            (("vgg11", "vgg13"), "found 'vgg11' and 'vgg13'"),
            (("--force", "vgg11"), "unknown option --force"),
        ):
            done = self.fetch(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(part, done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertFalse(self.cache.exists())
        listed = self.fetch("--list")
        self.assertEqual(listed.returncode, 0)
        self.assertIn("vgg19_bn", listed.stdout.split("\n"))
        helped = self.fetch("--help")
        self.assertEqual((helped.returncode, helped.stderr), (0, ""))
        self.assertIn("usage:", helped.stdout)

    @unittest.skipUnless(os.environ.get("PHOSPHENE_TEST_NETWORK"), "PHOSPHENE_TEST_NETWORK")
    def test_vgg16_hed(self):
        done = self.fetch("vgg16_hed")
        self.assertEqual(done.returncode, 0, done.stderr)
        tensors, metadata = parse(self.cache / "vgg16_hed.safetensors")
        data = os.environ.get("PHOSPHENE_DATA", str(ROOT.parent / "shared" / "data"))
        expected, described = parse(Path(data) / "weights" / "vgg16_hed.safetensors")
        self.assertEqual(tensors, expected)
        self.assertEqual(metadata["input"], described["input"])


if __name__ == "__main__":
    unittest.main()
