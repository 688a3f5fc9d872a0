"""The file that says how channels are answered: what it says holds, and what is wrong is named."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from api.errors import SettingsInvalid
from api.slack.channels import Channels, Policy, load_channels


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A folder of documents with folders in it."""
    folder = tmp_path / "documents"
    for name in ("hr/leave", "travel", "Büro 3", ".git"):
        (folder / name).mkdir(parents=True)
    (folder / "notes.md").write_text("# Notes\n")
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "channels.toml"


def read(file: Path, corpus: Path, text: str) -> Channels:
    file.write_bytes(text.encode())
    return load_channels(file, corpus)


def complaint(file: Path, corpus: Path, text: str) -> str:
    """What is said of a file that cannot count; it always begins with the file's name."""
    with pytest.raises(SettingsInvalid) as raised:
        read(file, corpus, text)
    told = str(raised.value)
    assert told.startswith(str(file))
    assert "\n" not in told
    return told.removeprefix(str(file)).lstrip(": ")


def test_an_empty_file_leaves_everything_as_it_is_without_one(file: Path, corpus: Path) -> None:
    channels = read(file, corpus, "")
    assert channels == Channels()
    for channel in ("C0123456789", "D0123456789", "U0123456789"):
        assert channels.of(channel) == Policy(
            answer="mentioned", threads=True, only_sure=False, ephemeral=False, folders=[]
        )


def test_each_channel_has_what_its_section_says_and_else_the_default(
    file: Path, corpus: Path
) -> None:
    channels = read(
        file,
        corpus,
        """
        [default]
        answer = "questions"
        only_sure = true
        folders = ["travel"]

        [direct]
        threads = false

        [channel.C0123456789]
        only_sure = false
        folders = ["hr/leave", "Büro 3"]

        [channel.G0123456789]
        answer = "mentioned"
        ephemeral = true

        [channel.C99]
        """,
    )
    default = Policy(answer="questions", only_sure=True, folders=["travel"])
    assert channels.of("C5555555555") == channels.of("G5555555555") == default
    assert channels.of("C99") == default
    assert channels.of("C0123456789") == Policy(
        answer="questions", only_sure=False, folders=["hr/leave", "Büro 3"]
    )
    assert channels.of("G0123456789") == Policy(
        answer="mentioned", only_sure=True, ephemeral=True, folders=["travel"]
    )


def test_direct_messages_are_answered_as_their_own_section_says(file: Path, corpus: Path) -> None:
    channels = read(
        file, corpus, '[default]\nephemeral = true\n[direct]\nthreads = false\nfolders = ["hr"]\n'
    )
    # A user's id stands for the direct messages with them.
    for channel in ("D0123456789", "U0123456789", "W0123456789"):
        assert channels.of(channel) == Policy(ephemeral=True, threads=False, folders=["hr"])
    assert channels.of("C0123456789") == Policy(ephemeral=True)


def test_what_is_kept_from_channels_is_kept_from_direct_messages(file: Path, corpus: Path) -> None:
    channels = read(file, corpus, '[default]\nfolders = ["hr"]\n')
    assert channels.of("D0123456789").folders == ["hr"]


def test_a_section_takes_folders_from_the_default_only_where_it_names_none(
    file: Path, corpus: Path
) -> None:
    channels = read(
        file, corpus, '[default]\nfolders = ["hr"]\n[channel.C01]\nfolders = []\n[channel.C02]\n'
    )
    assert channels.of("C01").folders == []
    assert channels.of("C02").folders == ["hr"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("hr", "hr"),
        ("hr/", "hr"),
        ("/hr", "hr"),
        ("./hr", "hr"),
        ("hr//leave", "hr/leave"),
        ("hr/./leave/", "hr/leave"),
        ("Büro 3", "Büro 3"),
    ],
)
def test_folders_are_kept_as_paths_begin(file: Path, corpus: Path, given: str, kept: str) -> None:
    assert read(file, corpus, f'[default]\nfolders = ["{given}"]\n').of("C01").folders == [kept]


@pytest.mark.parametrize("given", ["", "/", ".", "./", "..", "hr/..", "../documents/hr", ".git"])
def test_a_folder_that_no_document_can_be_in_is_refused(
    file: Path, corpus: Path, given: str
) -> None:
    told = complaint(file, corpus, f'[default]\nfolders = ["travel", "{given}"]\n')
    assert told.startswith("[default] folders.1:")
    assert "name a folder below that of the documents" in told


@pytest.mark.parametrize(
    "given", ["sales", "HR", "hr/leave/x", "notes.md", "*", "x" * 300, "\\u0000", "hr\\\\leave"]
)
def test_a_folder_that_is_not_there_is_named(file: Path, corpus: Path, given: str) -> None:
    told = complaint(file, corpus, f'[channel.C01]\nfolders = ["hr", "{given}"]\n')
    assert told.startswith("[channel.C01] folders: there is no folder '")
    assert given.replace("\\u0000", "\\x00") in told
    assert told.endswith(f"in {corpus}")


@pytest.mark.parametrize("section", ["default", "direct", "channel.C0123456789"])
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('answer = "always"', r"answer: .*'mentioned' or 'questions'"),
        ("answer = true", r"answer: .*'mentioned' or 'questions'"),
        ('threads = "yes"', "threads: .*valid boolean"),
        ("threads = 1", "threads: .*valid boolean"),
        ("only_sure = 0.5", "only_sure: .*valid boolean"),
        ("ephemeral = []", "ephemeral: .*valid boolean"),
        ('folders = "hr"', "folders: .*valid list"),
        ("folders = [1]", r"folders\.0: .*valid string"),
        ('folders = [["hr"]]', r"folders\.0: .*valid string"),
        (f"folders = {['hr'] * 51}", "folders: .*at most 50"),
        (
            "onlysure = true",
            "onlysure: is none of answer, threads, only_sure, ephemeral, folders",
        ),
        ("sub = {answer = 'questions'}", "sub: is none of answer, "),
    ],
)
def test_what_a_section_cannot_say_is_named_with_what_it_can(
    file: Path, corpus: Path, section: str, line: str, told: str
) -> None:
    found = complaint(file, corpus, f"[{section}]\n{line}\n")
    assert re.match(rf"\[{re.escape(section)}\] {told}", found), found


def test_what_is_wrong_in_the_default_is_told_of_the_default(file: Path, corpus: Path) -> None:
    text = "[default]\nthreads = 1\n[channel.C01]\nonly_sure = true\n"
    assert complaint(file, corpus, text).startswith("[default] threads:")


@pytest.mark.parametrize(
    "name", ["general", "#general", "c0123456789", "D0123456789", "C", "", "C01 general"]
)
def test_a_channel_that_is_not_named_by_its_id_is_refused(
    file: Path, corpus: Path, name: str
) -> None:
    told = complaint(file, corpus, f"[channel.'{name}']\nthreads = true\n")
    assert told.startswith(f"[channel.{name}]: name a channel by its id, as C0123456789")


@pytest.mark.parametrize(
    "text", ["answer = 'questions'", "[C0123456789]", "[defaults]", "[Direct]"]
)
def test_a_section_of_another_name_is_refused(file: Path, corpus: Path, text: str) -> None:
    name = re.findall(r"\w+", text)[0]
    assert complaint(file, corpus, text) == f"[{name}] is none of default, direct, channel"


@pytest.mark.parametrize("name", ["default", "direct", "channel"])
@pytest.mark.parametrize("value", ["true", "[]", '"all"', "1979-05-27"])
def test_a_section_that_is_a_value_is_refused(
    file: Path, corpus: Path, name: str, value: str
) -> None:
    assert complaint(file, corpus, f"{name} = {value}") == f"{name} is no section: write [{name}]"


def test_a_channel_that_is_a_value_is_refused(file: Path, corpus: Path) -> None:
    assert complaint(file, corpus, "[channel]\nC01 = true\n") == "[channel.C01] is no section"


def test_a_file_that_is_not_toml_is_told_with_the_place(file: Path, corpus: Path) -> None:
    told = complaint(file, corpus, "[default]\nthreads: true\n")
    assert told.startswith("is not TOML: ")
    assert "line 2" in told


def test_a_file_in_another_encoding_is_told_what_to_do(file: Path, corpus: Path) -> None:
    file.write_bytes('[default]\nfolders = ["Büro 3"]\n'.encode("latin-1"))
    with pytest.raises(SettingsInvalid, match="is not UTF-8 .*: save it as that") as raised:
        load_channels(file, corpus)
    assert str(raised.value).startswith(str(file))


def test_marks_and_line_ends_of_other_systems_are_read(file: Path, corpus: Path) -> None:
    channels = read(file, corpus, "\ufeff[default]\r\nthreads = false\r\n")
    assert channels.default == Policy(threads=False)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, corpus: Path) -> None:
    for path in (tmp_path / "nowhere.toml", corpus):
        with pytest.raises(SettingsInvalid, match=f"{re.escape(str(path))} cannot be read \\("):
            load_channels(path, corpus)


words = st.sampled_from(
    ["[default]", "[direct]", "[channel.C01]", "[channel]", "[[default]]", "answer", "threads",
     "folders", "=", "true", "1", '"hr"', "[", "]", "{", "}", '"', "'", "\n", ".", ",", "#", "é"]
)  # fmt: skip


@given(
    st.binary(max_size=60) | st.lists(words, max_size=12).map(lambda each: "".join(each).encode())
)
@example(b"[default]\nfolders=[")
@example(b"\xff\xfe[\x00d\x00]\x00")
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_is_read_or_refused_by_name(file: Path, corpus: Path, content: bytes) -> None:
    file.write_bytes(content)
    try:
        channels = load_channels(file, corpus)
    except SettingsInvalid as error:
        told = str(error)
    else:
        told = f"{file} is read"
        assert isinstance(channels.of("C01"), Policy)
    assert told.startswith(str(file))
