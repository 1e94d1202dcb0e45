"""Public pages: the same for every caller until the next deployment.

A page is made and compressed at its first use in a process. API Gateway's own compression (`MinimumCompressionSize`)
would also compress private answers, and would decompress the bodies of requests.
"""

import gzip
import re
from base64 import b64encode
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256


@dataclass(frozen=True)
class Page:
    content_type: str
    text: str
    headers: dict[str, str] = field(default_factory=dict)
    cache_control: str = "public, max-age=300"

    @cached_property
    def etag(self) -> str:
        """Weak, because both encodings share it (RFC 9110, 8.8.1)."""
        return f'W/"{sha256(self.text.encode()).hexdigest()[:32]}"'

    @cached_property
    def compressed(self) -> str:
        """The text as gzip in base64, the form in which API Gateway takes bytes."""
        return b64encode(gzip.compress(self.text.encode(), mtime=0)).decode()


_INLINE = re.compile(r"<(script|style)\b([^>]*)>(.*?)</\1>", re.DOTALL)
"""(element, attributes, text) of each inline script and style sheet."""
_DATA_BLOCK = 'type="application/json"'


def hashes(html: str, element: str) -> str:
    """Return the sources that allow a page's own elements, `script` or `style`. A block of JSON needs none."""
    texts = (
        text for name, attributes, text in _INLINE.findall(html) if name == element and _DATA_BLOCK not in attributes
    )
    return " ".join(f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in texts)


def shut(html: str, policy: dict[str, str]) -> dict[str, str]:
    """Return headers that let a browser run the page's own scripts only, outside of any frame.

    Users type their credentials into these pages. `policy` adds directives (w3.org/TR/CSP3).
    """
    directives = {
        "default-src": "'none'",
        "script-src": hashes(html, "script"),
        "connect-src": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        **policy,
    }
    return {
        "Content-Security-Policy": "; ".join(f"{directive} {sources}" for directive, sources in directives.items()),
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
    }
