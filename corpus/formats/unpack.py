"""Opens ZIP files, and files of formats that are ZIP files, in memory and within limits."""

import zipfile
from io import BytesIO

from corpus.formats.extracted import NotExtracted

# Bytes of all members together, as the archive declares them: zipfile never reads more of a member
# than that.
MAX_UNPACKED = 256 * 2**20
MAX_MEMBERS = 10_000
_ENCRYPTED = 0x1  # of the flags of a member


def open_archive(raw: bytes, *, max_bytes: int = MAX_UNPACKED) -> zipfile.ZipFile:
    """Opens an archive that lies in memory. Raises NotExtracted if it is damaged, encrypted as a
    whole, or would be too large unpacked."""
    try:
        archive = zipfile.ZipFile(BytesIO(raw))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise NotExtracted(f"is damaged ({error})") from error
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise NotExtracted(f"contains more than {MAX_MEMBERS:,} files")
    if sum(member.file_size for member in members) > max_bytes:
        raise NotExtracted(f"would take more than {max_bytes // 2**20} MB unpacked")
    files = [member for member in members if not member.is_dir()]
    if files and all(map(is_encrypted, files)):
        raise NotExtracted("is encrypted; save it without a password")
    return archive


def is_encrypted(member: zipfile.ZipInfo) -> bool:
    """Whether a password is needed to read the member."""
    return bool(member.flag_bits & _ENCRYPTED)
