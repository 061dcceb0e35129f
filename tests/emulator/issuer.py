"""An issuer of tokens on this machine, as OpenID Connect has it: what an HTTP API's JWT authorizer asks."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

AUDIENCE = "postroom"
KEY_BITS = 2048
VALID_S = 3600


class Issuer:
    def __init__(self, url: str) -> None:
        self.url = url
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)

    def token(self, **claims: Any) -> str:
        """A signed token; a claim that is given replaces the one it would have."""
        now = int(time.time())
        body = {"iss": self.url, "aud": AUDIENCE, "iat": now, "exp": now + VALID_S, **claims}
        signed = f"{encoded({'alg': 'RS256', 'kid': 'only'})}.{encoded(body)}"
        return f"{signed}.{base64url(self._key.sign(signed.encode(), padding.PKCS1v15(), SHA256()))}"

    def document(self, path: str) -> dict[str, Any] | None:
        match path:
            case "/.well-known/openid-configuration":
                return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
            case "/keys":
                public = self._key.public_key().public_numbers()
                modulus, exponent = (base64url(number.to_bytes(length, "big"))
                                     for number, length in ((public.n, KEY_BITS // 8), (public.e, 3)))
                return {"keys": [{"kty": "RSA", "alg": "RS256", "kid": "only", "n": modulus, "e": exponent}]}
            case _:
                return None


@contextmanager
def running() -> Iterator[Issuer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            document = issuer.document(self.path)
            body = json.dumps(document).encode()
            self.send_response(404 if document is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """What was asked for is of no interest."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield issuer
        finally:
            server.shutdown()


def encoded(value: dict[str, Any]) -> str:
    return base64url(json.dumps(value).encode())


def base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
