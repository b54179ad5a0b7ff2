"""A workbook whose pictures are too much for one text: the same Markdown with its pictures beside it, in a zip.

Nothing in the file says when or where it was made, so that the same workbook is the same bytes.
"""

import io
import re
import zipfile
from base64 import b64decode, b64encode
from zlib import error as ZlibError

from kafkalab.lessons.workbook import WorkbookRefused

MARKDOWN = "workbook.md"
MOST_BYTES = 24 * 1024 * 1024
"""Of everything inside, unpacked."""
_NEVER = (1980, 1, 1, 0, 0, 0)
_INLINE = re.compile(r"^!\[A picture of the stage\]\(data:image/png;base64,([A-Za-z0-9+/=]+)\)$", re.MULTILINE)
_BESIDE = re.compile(r"^!\[A picture of the stage\]\((pictures/\d{1,4}\.png)\)$", re.MULTILINE)


def packed(markdown: str) -> bytes:
    pictures: list[bytes] = []

    def put_beside(found: re.Match[str]) -> str:
        pictures.append(b64decode(found[1]))
        return f"![A picture of the stage](pictures/{len(pictures)}.png)"

    text = _INLINE.sub(put_beside, markdown)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        _write(file, MARKDOWN, text.encode())
        for number, picture in enumerate(pictures, 1):
            _write(file, f"pictures/{number}.png", picture)
    return out.getvalue()


def unpacked(content: bytes) -> str:
    """The Markdown with its pictures in it again. Raises WorkbookRefused."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            if sum(each.file_size for each in file.infolist()) > MOST_BYTES:
                raise WorkbookRefused(f"What is in this file is more than {MOST_BYTES // 2**20} MiB.")
            text = file.read(MARKDOWN).decode("utf-8")
            return _BESIDE.sub(lambda found: _inline(file.read(found[1])), text)
    except (zipfile.BadZipFile, KeyError, UnicodeDecodeError, ZlibError, RuntimeError, NotImplementedError):
        raise WorkbookRefused(f"This is no zip with a {MARKDOWN} and its pictures in it.") from None


def _inline(picture: bytes) -> str:
    return f"![A picture of the stage](data:image/png;base64,{b64encode(picture).decode()})"


def _write(file: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, _NEVER)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    file.writestr(info, content)
