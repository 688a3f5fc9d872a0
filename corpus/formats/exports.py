"""What the path of an exported file says: where its original can be opened, and whether another
file says the same. Known are pages that Notion exports, and those that a crawler stores in a folder
with the name of the host (`wget --mirror`, HTTrack).

The address inside a page, if it has one, counts more. Nothing is fetched.
"""

import re
from collections.abc import Callable
from pathlib import PurePosixPath
from urllib.parse import quote

# Notion ends the name of a page or database with its id.
_NOTION = re.compile(r".+ ([0-9a-f]{32})(?:_all)?")
# Beside a view of a database, it writes all rows with all columns.
_VIEW = re.compile(r"(.+ [0-9a-f]{32})\.csv")
_HTTRACK_CACHE = "hts-cache"
_NOTION_SUFFIXES = frozenset({".md", ".csv", ".html"})
_HOST = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+([a-z]{2,8})(?:[:+](\d{1,5}))?", re.IGNORECASE
)
# Domains of more than two letters that hosts of documents often have, and those of two letters
# that are more often the suffix of a file or a version.
_DOMAINS = frozenset(
    "app biz cloud com dev edu gov help info int local mil net online org page site wiki".split()
)
_NO_DOMAINS = frozenset("cs gz js md pl py rb rc rs sh ts vm xz".split())
_COUNTRY = 2  # letters of the domain of a country
_PAGES = frozenset({".html", ".htm", ".xhtml", ".pdf", ".txt"})
_INDEX = re.compile(r"(?:index|default)\.(?:x?html?|php|aspx?|jsp)")
# wget writes "?" as "@" where "?" is no character of a file name, and adds ".html".
_ADDED = re.compile(r"\.(?:php|aspx?|jsp|cgi|cfm)(?=\.html$)|\.html(?=\.html$)", re.IGNORECASE)


def original_url(path: str) -> str:
    """Returns the address of the original of a file with this path in the corpus, "" if the path
    says none. A file in a ZIP archive has a path behind that of the archive."""
    pure = PurePosixPath(path)
    found = _NOTION.fullmatch(pure.stem)
    if found and pure.suffix.lower() in _NOTION_SUFFIXES:
        return f"https://www.notion.so/{found[1]}"
    return _crawled(pure)


def repeated_by(path: str, exists: Callable[[str], bool]) -> str:
    """Returns why a file of an export has nothing that others have not, "" if it may have.
    `exists` says whether a path is one of the export."""
    if _HTTRACK_CACHE in PurePosixPath(path).parts:
        return "is a copy that HTTrack keeps of the pages"
    view = _VIEW.fullmatch(path)
    whole = f"{view[1]}_all.csv" if view else ""
    return f"is a view of {PurePosixPath(whole).name}" if view and exists(whole) else ""


def _crawled(path: PurePosixPath) -> str:
    """The address of a crawled page: its host is the first folder that is named like one."""
    folders = path.parts[:-1]
    for number, folder in enumerate(folders):
        host = _HOST.fullmatch(folder)
        if host and _is_domain(host[1].lower()) and path.suffix.lower() in _PAGES:
            rest = [*folders[number + 1 :], _page(path.name)]
            address = host[0].replace("+", ":")
            return f"https://{address}/{quote('/'.join(rest), safe='/?=&;,:@+~!$()*-._')}"
    return ""


def _is_domain(name: str) -> bool:
    return name in _DOMAINS or (len(name) == _COUNTRY and name not in _NO_DOMAINS)


def _page(name: str) -> str:
    """The name of a page as its address has it."""
    if _INDEX.fullmatch(name):
        return ""
    if "?" in name or _ADDED.search(name):
        return name.removesuffix(".html")
    return name
