from pathlib import Path

import pytest
from builders import make_manifest

from index.errors import GenerationUnknown, IndexDamaged, IndexOutdated
from index.generation import DataFolder
from index.kept import kept_generations, roll_back
from index.manifest import file_digests, file_sizes

ENCODER = "f" * 64


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "data")
    for name in ("apple", "pear", "plum"):
        building = folder.begin()
        (building / "content").write_text(name, encoding="utf-8")
        manifest = make_manifest(files=file_sizes(building), digests=file_digests(building))
        manifest.write(building)
        folder.publish(building, name)
    return folder


def test_kept_generations_are_listed_newest_first(folder: DataFolder) -> None:
    roll_back(folder, ENCODER, "1")
    (folder.layout.generations / "000003-plum" / "content").unlink()
    kept = kept_generations(folder, ENCODER)
    assert [each.id for each in kept] == ["000003-plum", "000002-pear", "000001-apple"]
    assert [(each.documents, each.size, each.pinned) for each in kept[1:]] == [
        (1, 4, False),
        (1, 5, True),
    ]
    assert "content cannot be read" in kept[0].fault
    assert kept_generations(DataFolder(folder.root / "new"), ENCODER) == []


def test_rollback_goes_back_one_by_one_and_names_what_is_missing(folder: DataFolder) -> None:
    assert roll_back(folder, ENCODER) == "000002-pear"
    assert roll_back(folder, ENCODER) == "000001-apple"
    assert folder.pointer.pinned() == folder.current().name == "000001-apple"
    with pytest.raises(GenerationUnknown, match="no generation before 000001-apple"):
        roll_back(folder, ENCODER)
    assert roll_back(folder, ENCODER, "000003-plum") == folder.current().name


@pytest.mark.parametrize("name", ["4", "plum", "../generations/000001-apple", ".", "²"])
def test_only_a_kept_generation_can_be_named(folder: DataFolder, name: str) -> None:
    with pytest.raises(GenerationUnknown):
        roll_back(folder, ENCODER, name)
    assert folder.current().name == "000003-plum"


def test_generation_that_cannot_be_opened_is_not_published(folder: DataFolder) -> None:
    with pytest.raises(IndexOutdated):
        roll_back(folder, "e" * 64)
    (folder.layout.generations / "000002-pear" / "content").write_text("p", "utf-8")
    with pytest.raises(IndexDamaged):
        roll_back(folder, ENCODER)
    assert (folder.current().name, folder.pointer.pinned()) == ("000003-plum", "")
