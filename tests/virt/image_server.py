# SPDX-License-Identifier: Apache-2.0
"""A web server on 127.0.0.1 that misbehaves as told. /MODE/NAME serves `files[NAME]`; MODE is one of good, norange (no Range,
no validators), cut (breaks off after half of what was asked for), half (the same without Range), slow, chunked (no length),
gone (404), loop (redirects to itself), to-NAME-of (see `redirects`), page (an HTML page)."""
import hashlib
import http.server
import re
import ssl
import threading
import time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.do_GET(send=False)

    def do_GET(self, send=True):
        mode, name = self.path.strip("/").split("/", 1)
        self.server.requests.append((mode, name, self.headers.get("Range")))
        if mode == "loop" or name in self.server.redirects:
            return self.redirect(self.server.redirects.get(name, self.path))
        if mode == "gone" or name not in self.server.files:
            return self.short(404, b"none here")
        return self.serve(mode, self.server.files[name], send)

    def redirect(self, to):
        self.send_response(302)
        self.send_header("Location", to)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def short(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def serve(self, mode, content, send):
        etag = '"%s"' % hashlib.sha256(content).hexdigest()[:16]
        start, status = 0, 200
        if mode not in ("norange", "half", "chunked"):
            wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            if self.headers.get("If-None-Match") == etag:
                return self.short(304, b"")
            if wanted and self.headers.get("If-Range", etag) == etag:
                start, status = int(wanted[1]), 206
        body = content[start:]
        self.send_response(status)
        if mode not in ("norange", "half", "chunked"):
            self.send_header("ETag", etag)
            self.send_header("Accept-Ranges", "bytes")
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if mode == "chunked":
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if send:
            self.body(mode, body)

    def body(self, mode, body):
        if mode in ("cut", "half") and len(body) > 65536:
            body = body[:len(body) // 2]
        if mode in ("cut", "half", "chunked"):
            self.close_connection = True
        for at in range(0, len(body), 65536):
            try:
                self.wfile.write(body[at:at + 65536])
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True
                return
            self.server.sent += len(body[at:at + 65536])
            if mode == "slow":
                time.sleep(self.server.pause)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, certificate=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.redirects, self.requests, self.sent, self.pause = {}, {}, [], 0, 0.05
        self.scheme = "https" if certificate else "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        pass

    def url(self, mode, name):
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}/{mode}/{name}"
