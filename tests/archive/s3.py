"""As much of S3 as a sink asks for, so that the way over the network is tried: PUT unless there, GET and LIST."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

BUCKET = "firehose"


class Bucket(BaseHTTPRequestHandler):
    objects: dict[str, bytes] = {}
    on_put: Callable[[str], bool] = staticmethod(lambda when: False)
    """Called "before" an object is stored and "after". True: whoever sent it is gone; what comes next is not done."""
    lock = threading.Lock()
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.on_put("before"):
            self.close_connection = True
            return
        with self.lock:
            if self.headers["If-None-Match"] == "*" and self._key in self.objects:
                self._answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
                return
            self.objects[self._key] = body
        if self.on_put("after"):
            self.close_connection = True
            return
        self._answer(200, b"", body)

    def do_GET(self) -> None:
        if self._key:
            body = self.objects.get(self._key)
            if body is None:
                self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
            else:
                self._answer(200, body, body)
            return
        prefix = parse_qs(urlsplit(self.path).query).get("prefix", [""])[0]
        listed = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
            f"<ETag>{self._tag(body)}</ETag><Size>{len(body)}</Size></Contents>"
            for key, body in sorted(self.objects.items())
            if key.startswith(prefix)
        )
        self._answer(200, f"<ListBucketResult><IsTruncated>false</IsTruncated>{listed}</ListBucketResult>".encode())

    @property
    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix(f"/{BUCKET}").lstrip("/")

    @staticmethod
    def _tag(body: bytes) -> str:
        return f"&quot;{md5(body, usedforsecurity=False).hexdigest()}&quot;"

    def _answer(self, status: int, said: bytes, of: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.send_header("ETag", self._tag(of).replace("&quot;", '"'))
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody asked."""


@contextmanager
def s3() -> Iterator[str]:
    """Its endpoint."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    Bucket.objects = {}
    Bucket.on_put = staticmethod(lambda when: False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
