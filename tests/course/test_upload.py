"""Pictures go into class folders, by mouse and by line; what does not has a reason."""

import io
import stat
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

from tests.page import choose_files, say
from tlwidgets import UploadImages, read_images
from tlwidgets.course import upload as filing
from tlwidgets.course.upload import safe_name


def png(seed):
    file = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (40, 40, 3), np.uint8)
    Image.fromarray(pixels).save(file, "png")
    return file.getvalue()


def reason_of(upload, file):
    return "; ".join(upload.skipped.loc[upload.skipped["file"] == file, "reason"])


@pytest.fixture
def upload(tmp_path):
    return UploadImages(tmp_path / "own")


def parts(upload):
    """Class, chooser, button, the line below and the table, as the page shows them."""
    _, row, line, table = upload.children
    return *row.children, line, table


def choose(upload, class_name, files):
    """What the browser sends when somebody types a class and chooses files."""
    name, chooser, *_ = parts(upload)
    name.value = class_name
    choose_files(chooser, files)


def archive(entries):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name, content in entries:
            made.writestr(name, content)
    return file.getvalue()


def files_below(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir())


def test_what_was_uploaded_is_read(upload):
    for c, name in enumerate(("cat", "dog")):
        upload.add(name, {f"{i}.png": png(10 * c + i) for i in range(2)})
    own = read_images(upload.folder, 32)
    assert own.files.tolist() == list(upload.taken)
    assert own.class_names == ("cat", "dog")
    assert repr(upload) == f"UploadImages(2 cat, 2 dog; {upload.folder})"
    assert repr(UploadImages()) == "UploadImages(no pictures yet; a temporary folder)"


def test_the_button_does_what_the_line_does(upload, tmp_path):
    by_line = UploadImages(tmp_path / "by line")
    files = {"1.png": png(1), "broken.png": png(2)[:99]}
    by_line.add("cat", files)
    choose(upload, "cat", files.items())
    _, chooser, button, line, table = parts(upload)
    assert upload.taken == ()
    button.click()
    assert chooser.files == ()
    assert upload.taken == by_line.taken == ("cat/1.png",)
    assert upload.skipped.equals(by_line.skipped)
    assert "1 taken, 1 skipped" in line.value
    assert "cat/broken.png" in table.value
    assert "cut off" in table.value


def test_paths_are_copied_and_a_missing_one_is_skipped(upload, tmp_path):
    for i, name in enumerate("ab"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_bytes(png(i))
    upload.add("cat", [tmp_path / "a" / "1.png", tmp_path / "b" / "1.png", tmp_path / "no.png"])
    upload.add("dog", str(tmp_path / "a" / "1.png"))
    assert upload.taken == ("cat/1.png", "cat/1 (2).png", "dog/1.png")  # one name, two pictures
    assert "No such file" in reason_of(upload, "cat/no.png")
    assert (tmp_path / "a" / "1.png").exists()


def test_a_phone_calls_every_picture_the_same_and_none_is_lost(upload):
    choose(upload, "cat", [("image.png", png(1)), ("image.png", png(2)), ("image.png", png(1))])
    parts(upload)[2].click()
    assert upload.taken == ("cat/image.png", "cat/image (2).png")
    assert reason_of(upload, "cat/image.png") == "already there"


def test_who_presses_add_too_early_hears_that_the_pictures_are_on_their_way(upload):
    name, chooser, button, line, _ = parts(upload)
    name.value = "cat"
    say(chooser, {"kind": "start", "batch": "1", "files": [["1.png", len(png(1))]]})
    button.click()
    assert "still on their way" in line.value
    say(chooser, {"kind": "piece", "batch": "1", "file": 0}, png(1))
    say(chooser, {"kind": "end", "batch": "1"})
    button.click()
    assert upload.taken == ("cat/1.png",)


@pytest.mark.parametrize(
    ("class_name", "files", "message"),
    [
        ("", [("1.png", png(1))], "type the name of the class first; your pictures stay chosen"),
        (" .. ", [("1.png", png(1))], "must have a letter or a digit"),
        ("cat", [], "no pictures are here. Choose some."),
        ("", [("x.zip", b"no zip")], "not a zip file"),
    ],
)
def test_a_mistake_is_explained_and_the_pictures_stay_chosen(upload, class_name, files, message):
    choose(upload, class_name, files)
    _, chooser, button, line, _ = parts(upload)
    button.click()
    assert message in line.value
    assert len(chooser.files) == len(files)
    assert upload.taken == ()
    assert files_below(upload.folder) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("cat", "cat"),
        (" Füchse 狐 ", "Füchse 狐"),
        ("../../etc", "_.._etc"),
        ("a/b\\c", "a_b_c"),
        (".hidden", "hidden"),
        ("<script>", "_script_"),
        ("con", "_con"),
        ("gnp\u202e.exe", "gnp.exe"),
        ("a\0b\n", "a_b_"),
        ("..", ""),
        ("///", ""),
        ("e\u0301", "é"),
        ("x" * 500, "x" * 120),
    ],
)
def test_a_class_name_becomes_one_folder(upload, text, name):
    assert safe_name(text) == name
    if name:
        upload.add(text, {"1.png": png(1)})
        assert files_below(upload.folder) == [f"{name}/1.png"]
        assert ("the folder of this class is" in parts(upload)[3].value) == (name != text.strip())


def test_a_file_name_leads_nowhere_else(upload, tmp_path):
    names = ("../../evil.png", "/etc/evil.png", "..\\evil.png", "....png", ".png.png", "con.png")
    upload.add("cat", {name: png(i) for i, name in enumerate(names)})
    assert len(upload.taken) == len(names)
    assert all(file.startswith("own/cat/") for file in files_below(tmp_path))
    assert not [file for file in upload.taken if "/." in file]


def test_texts_from_people_are_escaped(upload):
    upload.add("<b>cat</b>", {"<script>.txt": b"x", "<script>.png": b"x"})
    line, table = parts(upload)[3:]
    assert "<script>" not in table.value + line.value + upload.skipped._repr_html_()
    assert "&lt;script&gt;" in table.value


def test_no_half_written_file_stays(upload):
    upload.add("cat", {"1.png": png(1)[:200], "2.jpg": b"", "3.heic": b"x", "4": png(4)})
    assert files_below(upload.folder) == []
    assert len(upload.skipped) == 4
    assert "save it as JPEG" in reason_of(upload, "cat/3.heic")


def test_a_zip_of_class_folders(upload):
    entries = [
        ("pets/cat/1.png", png(1)),
        ("./dog/1.png", png(2)),
        ("pets/cat/2.txt", b"x"),
        ("loose.png", png(3)),
        ("__MACOSX/cat/._1.png", b"x"),
        ("cat/.hidden.png", b"x"),
    ]
    choose(upload, "", [("pets.zip", archive(entries))])
    parts(upload)[2].click()
    assert upload.taken == ("cat/1.png", "dog/1.png")
    assert upload.skipped["file"].tolist() == ["cat/2.txt", "loose.png"]
    assert "one folder per class" in reason_of(upload, "loose.png")


def test_a_zip_by_its_path(upload, tmp_path):
    (tmp_path / "pets.zip").write_bytes(archive([("cat/1.png", png(1))]))
    upload.add_zip(tmp_path / "pets.zip")
    assert upload.taken == ("cat/1.png",)
    with pytest.raises(ValueError, match=r"`file`.*'.*gone.zip': not a zip file.*No such file"):
        upload.add_zip(tmp_path / "gone.zip")


def test_a_zip_cannot_write_elsewhere(upload, tmp_path):
    link = zipfile.ZipInfo("cat/link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    evil = [("../../evil.png", png(1)), ("cat/../../evil.png", png(2)), ("/cat/evil.png", png(3)),
            ("C:/cat/evil.png", png(4)), ("..\\evil.png", png(5)), (link, "/etc/passwd"),
            ("...hm/1.png", png(7)), ("::/1.png", png(8)), ("cat/good.png", png(6))]  # fmt: skip
    upload.add_zip(archive(evil))
    assert files_below(tmp_path) == ["own/cat/good.png"]
    reasons = upload.skipped["reason"].tolist()
    assert sum("leads out" in reason for reason in reasons) == 6
    assert reason_of(upload, "cat/link.png") == "a link, not a picture"


def test_a_zip_that_unpacks_to_too_much_is_refused_before_unpacking(upload, monkeypatch):
    bomb = archive([("cat/1.png", png(1)), ("cat/2.png", png(2))])
    monkeypatch.setattr(filing, "MOST_ZIP_FILES", 1)
    with pytest.raises(ValueError, match=r"too much: 2 files.*at most 1 files"):
        upload.add_zip(bomb)
    monkeypatch.setattr(filing, "MOST_ZIP_FILES", 10)
    monkeypatch.setattr(filing, "MOST_ZIP_BYTES", 100)
    with pytest.raises(ValueError, match="too much: 2 files"):
        upload.add_zip(bomb)
    monkeypatch.undo()
    monkeypatch.setattr(filing, "MOST_FILE_BYTES", 100)
    upload.add_zip(bomb)
    assert "too large" in reason_of(upload, "cat/1.png")
    assert files_below(upload.folder) == []


def test_a_damaged_entry_does_not_stop_the_others(upload):
    damaged = bytearray(archive([("cat/1.png", png(1)), ("cat/2.png", png(2))]))
    damaged[200] ^= 255
    upload.add_zip(bytes(damaged))
    assert upload.taken == ("cat/2.png",)
    assert "cannot be unpacked" in reason_of(upload, "cat/1.png")


def test_the_temporary_folder_goes_with_the_kernel():
    code = (
        "from tlwidgets import UploadImages; u = UploadImages(); print(u.folder, u.folder.exists())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    folder, existed = done.stdout.split()
    assert existed == "True"
    assert "tlwidgets-" in folder
    assert subprocess.run(["ls", folder], capture_output=True, check=False).returncode != 0


def test_a_folder_of_an_earlier_day_is_kept(upload):
    upload.add("cat", {"1.png": png(1)})
    again = UploadImages(upload.folder)
    again.add("cat", {"1.png": png(2)})
    assert files_below(upload.folder) == ["cat/1 (2).png", "cat/1.png"]


def test_wrong_arguments_are_named_and_change_nothing(upload, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ValueError, match=r"`folder` must be a folder; '.*file' is a file"):
        UploadImages(tmp_path / "file")
    with pytest.raises(ValueError, match=r"`files` must hold at least one picture; got none"):
        upload.add("cat", [])
    with pytest.raises(TypeError, match=r"`files` must be paths.*got dict"):
        upload.add("cat", {"1.png": "text"})
    with pytest.raises(TypeError, match=r"`class_name` must be text"):
        upload.add(3, {"1.png": png(1)})
    assert upload.taken == ()
    assert files_below(upload.folder) == []
