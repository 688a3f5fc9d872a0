"""A channels file sets the policy of each channel; mistakes are named with their place."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from api.errors import SettingsInvalid
from api.slack.channels import Channels, Policy, load_channels


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A document folder with folders in it."""
    folder = tmp_path / "documents"
    for name in ("hr/leave", "travel", "Büro 3", ".git"):
        (folder / name).mkdir(parents=True)
    (folder / "notes.md").write_text("# Notes\n")
    return folder


def load(corpus: Path, content: str | bytes) -> Channels:
    file = corpus.with_name("channels.toml")
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_channels(file, corpus)


def load_error(corpus: Path, content: str | bytes) -> str:
    """The error message, which begins with the file's name, without that."""
    with pytest.raises(SettingsInvalid) as raised:
        load(corpus, content)
    file, message = str(corpus.with_name("channels.toml")), str(raised.value)
    assert message.startswith(file)
    return message.removeprefix(file).lstrip(": ")


def test_empty_file_means_the_defaults(corpus: Path) -> None:
    channels = load(corpus, "")
    assert channels == Channels()
    for channel in ("C0123456789", "D0123456789", "U0123456789"):
        assert channels.policy_for(channel) == Policy(
            answer="mentioned", threads=True, only_sure=False, ephemeral=False, folders=[]
        )


def test_channel_section_overrides_the_default(corpus: Path) -> None:
    channels = load(
        corpus,
        """
        [default]
        answer = "questions"
        only_sure = true
        folders = ["travel"]

        [channel.C0123456789]
        only_sure = false
        folders = ["hr/leave", "Büro 3"]

        [channel.G0123456789]
        answer = "mentioned"
        ephemeral = true
        folders = []

        [channel.C99]
        """,
    )
    default = Policy(answer="questions", only_sure=True, folders=["travel"])
    for channel in ("C5555555555", "G5555555555", "C99"):
        assert channels.policy_for(channel) == default
    assert channels.policy_for("C0123456789") == Policy(
        answer="questions", only_sure=False, folders=["hr/leave", "Büro 3"]
    )
    assert channels.policy_for("G0123456789") == Policy(only_sure=True, ephemeral=True)


@pytest.mark.parametrize("channel", ["D0123456789", "U0123456789", "W0123456789"])
def test_direct_messages_have_their_own_section_and_no_privacy(corpus: Path, channel: str) -> None:
    default = '[default]\nephemeral = true\nonly_sure = true\nfolders = ["hr"]\n'
    assert load(corpus, default).policy_for(channel) == Policy(folders=["hr"])
    own = load(corpus, default + '[direct]\nthreads = false\nfolders = ["travel"]\n')
    assert own.policy_for(channel) == Policy(threads=False, folders=["travel"])
    assert own.policy_for("C01").folders == ["hr"]


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("hr", "hr"),
        ("hr/", "hr"),
        ("./hr", "hr"),
        ("hr//leave", "hr/leave"),
        ("hr/./leave/", "hr/leave"),
        ("Büro 3", "Büro 3"),
    ],
)
def test_folders_are_normalized(corpus: Path, name: str, folder: str) -> None:
    channels = load(corpus, f'[default]\nfolders = ["{name}"]\n')
    assert channels.policy_for("C01").folders == [folder]


@pytest.mark.parametrize(
    "name",
    ["", "/", "/hr", ".", "./", "..", "hr/..", "../documents/hr", ".git", "\\u0000", "hr\\\\leave"],
)
def test_folder_that_cannot_hold_documents_is_rejected(corpus: Path, name: str) -> None:
    error = load_error(corpus, f'[default]\nfolders = ["travel", "{name}"]\n')
    assert error.startswith("[default] folders.1: Value error, ")


@pytest.mark.parametrize("name", ["sales", "HR", "hr/leave/x", "notes.md", "*", "x" * 300])
def test_missing_folder_is_rejected(corpus: Path, name: str) -> None:
    error = load_error(corpus, f'[channel.C01]\nfolders = ["hr", "{name}"]\n')
    assert error.startswith("[channel.C01] folders: there is no folder '")
    assert name in error
    assert error.endswith(f"in {corpus}")


@pytest.mark.parametrize("section", ["default", "direct", "channel.C0123456789"])
@pytest.mark.parametrize(
    ("line", "expected"),
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
            "onlysure: unknown key; known are answer, threads, only_sure, ephemeral, folders",
        ),
        ("sub = {answer = 'questions'}", "sub: unknown key; known are answer, "),
    ],
)
def test_invalid_value_is_named_with_what_is_valid(
    corpus: Path, section: str, line: str, expected: str
) -> None:
    error = load_error(corpus, f"[{section}]\n{line}\n")
    assert re.match(rf"\[{re.escape(section)}\] {expected}", error), error


def test_invalid_default_is_reported_once_for_the_default(corpus: Path) -> None:
    content = "[default]\nthreads = 1\n[channel.C01]\nonly_sure = true\n"
    assert load_error(corpus, content).startswith("[default] threads:")


@pytest.mark.parametrize(
    "name", ["general", "#general", "c0123456789", "D0123456789", "C", "", "C01 general"]
)
def test_channel_must_be_named_by_its_id(corpus: Path, name: str) -> None:
    error = load_error(corpus, f"[channel.'{name}']\nthreads = true\n")
    assert error.startswith(f"[channel.{name}]: use the channel's id, such as C0123456789")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        *(
            (text, f"unknown section [{name}]; known are default, direct, channel")
            for text, name in [
                ("answer = 'questions'", "answer"),
                ("[C0123456789]", "C0123456789"),
                ("[defaults]", "defaults"),
                ("[Direct]", "Direct"),
            ]
        ),
        *(
            (f"{name} = {value}", f"{name} must be a section: [{name}]")
            for name in ("default", "direct", "channel")
            for value in ("true", "[]", '"all"', "1979-05-27")
        ),
        ("[channel]\nC01 = true\n", "channel.C01 must be a section: [channel.C01]"),
    ],
)
def test_unknown_or_malformed_section_is_rejected(
    corpus: Path, content: str, expected: str
) -> None:
    assert load_error(corpus, content) == expected


def test_syntax_error_is_reported_with_its_line(corpus: Path) -> None:
    error = load_error(corpus, "[default]\nthreads: true\n")
    assert error.startswith("is not TOML: ")
    assert "line 2" in error


def test_other_encodings_are_rejected_and_a_byte_order_mark_is_accepted(corpus: Path) -> None:
    latin = '[default]\nfolders = ["Büro 3"]\n'.encode("latin-1")
    assert re.match("is not UTF-8 .*: save it as UTF-8", load_error(corpus, latin))
    channels = load(corpus, "\ufeff[default]\r\nthreads = false\r\n")
    assert channels.default == Policy(threads=False)


def test_unreadable_file_is_named(tmp_path: Path, corpus: Path) -> None:
    for path in (tmp_path / "nowhere.toml", corpus):
        with pytest.raises(SettingsInvalid, match=f"{re.escape(str(path))} cannot be read \\("):
            load_channels(path, corpus)


tokens = st.sampled_from(
    ["[default]", "[direct]", "[channel.C01]", "[channel]", "[[default]]", "answer", "threads",
     "folders", "=", "true", "1", '"hr"', "[", "]", "{", "}", '"', "'", "\n", ".", ",", "#", "é"]
)  # fmt: skip


@given(
    st.binary(max_size=60) | st.lists(tokens, max_size=12).map(lambda each: "".join(each).encode())
)
@example(b"[default]\nfolders=[")
@example(b"\xff\xfe[\x00d\x00]\x00")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_is_loaded_or_rejected_by_name(corpus: Path, content: bytes) -> None:
    try:
        channels = load(corpus, content)
    except SettingsInvalid:
        load_error(corpus, content)
    else:
        assert isinstance(channels.policy_for("C01"), Policy)
