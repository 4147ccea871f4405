"""A stand-in for an application: answers every request with a line."""
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello\n")


ThreadingHTTPServer(("", 8000), Hello).serve_forever()
