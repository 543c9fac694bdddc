"""A PDF of text lines.

The one rule: a pure function; the layout is ours. ASSUMED layout: a plain table.
"""

from __future__ import annotations

from typing import Final

LINES_PER_PAGE: Final = 52


def paper(title: str, lines: list[str]) -> bytes:
    """A valid PDF of text lines on A4 pages."""
    pages = [lines[k : k + LINES_PER_PAGE] for k in range(0, len(lines), LINES_PER_PAGE)] or [[]]
    kids = " ".join(f"{4 + 2 * k} 0 R" for k in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>",
    ]
    for k, page in enumerate(pages):
        shown = b"".join(b"(" + _escaped(text) + b") Tj T*\n" for text in page)
        stream = b"BT /F1 8 Tf 40 800 Td 14 TL\n" + shown + b"ET"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * k} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    objects.append(b"<< /Title (" + _escaped(title) + b") >>")
    body = b"%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    count = len(objects)
    return body + b"xref\n0 %d\n0000000000 65535 f \n%s" % (count + 1, table) + trailer % (count + 1, count, len(body))


def _escaped(text: str) -> bytes:
    safe = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return safe.encode("cp1252", errors="replace")
