"""Files that appear under their names only when they are whole."""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from icefire.errors import UserError

# What to do with a damaged file that a step has made
REMEDY = "delete it and run again"


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary path beside `path`, which takes its place if the block ends well.

    A step that fails leaves nothing under either name; what a killed step has left under the
    temporary one goes when the file is next made. Raises UserError when another process has begun
    to write the same file, and OSError naming `path` when the disk is full or not to be written.
    """
    path = Path(path)
    if path.is_dir():
        # Said now, because replacing it later would name the temporary file.
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    temporary = path.with_name(f".{path.name}.part")
    with naming(path, temporary):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)

        def is_ours() -> bool:
            return temporary.exists() and os.path.samestat(temporary.stat(), os.fstat(handle))

        try:
            yield temporary
            if not is_ours():
                raise UserError(f"{path}: another process writes it, too; wait for its end")
            # Some file systems tell only now that they are full.
            os.fsync(handle)
            temporary.replace(path)
        finally:
            if is_ours():
                temporary.unlink()
            os.close(handle)


@contextlib.contextmanager
def naming(path: Path, temporary: Path) -> Iterator[None]:
    """Make an error of writing `temporary` name the file that the user knows, `path`."""
    try:
        yield
    except OSError as error:
        # Writing to an open file fails without a name.
        unnamed = error.filename is None and error.errno in _DISK_FULL
        if unnamed or str(error.filename) in (str(temporary), str(path.parent)):
            raise OSError(error.errno, os.strerror(error.errno), str(path)) from error
        raise


_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write a whole text file, or none."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def check_file(path: str | os.PathLike) -> None:
    """Make sure that a path is a file that may be read, and no pipe or device that never ends.

    Raises UserError, or OSError saying which of missing, forbidden or broken it is.
    """
    path = Path(path)
    if not path.is_file():
        path.stat()
        raise UserError(f"{path}: is not a file")
    path.open("rb").close()
