"""What `pip install` brings: our data inside the package, and nobody else's."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_our_files_and_only_them(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    shipped = [f"{name}/{name}.npz" for name in ("digits", "glyph_net", "mini_families")]
    shipped += [f"minilm/{name}" for name in ("minilm.npz", "LICENSE.txt", "NOTICE.txt")]
    shipped += ["opinions/opinions.tsv.xz", "opinions/LICENSE.txt"]
    shipped += [f"results/{path.name}" for path in (ROOT / "datasets/results").glob("*.csv")]
    assert {f"tlwidgets/data/files/{name}" for name in shipped} <= set(names)
    assert "tlwidgets/data/catalog.toml" in names
    assert {f"tlwidgets/_widgets/static/tlwidgets.{end}" for end in ("js", "css")} <= set(names)
    # What is public, for `__init__.py` and for type checkers.
    assert {"tlwidgets/__init__.pyi", "tlwidgets/py.typed"} <= set(names)
    assert not [name for name in names if name.endswith((".png", ".pth"))]
    lessons = {*(ROOT / "notebooks").rglob("[0-9][0-9]_*.ipynb")}
    lessons = {f"tlwidgets/{path.relative_to(ROOT).as_posix()}" for path in lessons}
    assert {name for name in names if name.startswith("tlwidgets/notebooks/")} == lessons
    own = wheel.name.rsplit("-py3")[0]
    assert {name.split("/")[0] for name in names} <= {
        "tlwidgets",
        f"{own}.dist-info",
        f"{own}.data",
    }
    assert wheel.stat().st_size < 27e6  # the transformer alone has 21 MB


def test_jupyterlab_is_told_to_save_what_widgets_show(wheel):
    opened = zipfile.ZipFile(wheel)
    # Where JupyterLab reads what packages say: jupyterlab_server.settings_utils.
    place = "data/share/jupyter/lab/settings/overrides.d/tlwidgets.json"
    shared = [name for name in opened.namelist() if ".data/" in name]
    assert [name.split(".data/")[1] for name in shared] == [place]
    setting = json.loads(opened.read(shared[0]))
    assert setting == {"@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": True}}


def test_data_loads_from_the_installed_wheel(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = (
        "import tlwidgets; print(tlwidgets.__file__, tlwidgets.load_digits(), "
        "len(tlwidgets.load_results('solar_cells_from_scratch')))"
    )
    # In a folder of its own, where no checkout helps out.
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(tmp_path), "PATH": ""},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert str(tmp_path) in done.stdout
    assert "5,000 images" in done.stdout
    assert done.stdout.split()[-1] == "36"


def test_the_lessons_come_out_of_the_installed_wheel_and_nobodys_work_is_overwritten(
    wheel, tmp_path
):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")

    def copy(*options):
        return subprocess.run(
            [sys.executable, "-m", "tlwidgets", "lessons", *options],
            cwd=tmp_path, env={"PYTHONPATH": str(tmp_path / "site"), "PATH": ""},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    first = copy("mine")
    here, there = (folder.glob("*.ipynb") for folder in (tmp_path / "mine", ROOT / "notebooks"))
    assert {p.name: p.read_bytes() for p in here} == {p.name: p.read_bytes() for p in there}
    assert "jupyter lab mine/00_start_here.ipynb" in first.stdout
    (tmp_path / "mine" / "00_start_here.ipynb").write_text("my answers")
    assert "1 stayed" not in first.stdout
    again = copy("mine", "--solutions")
    assert (tmp_path / "mine" / "00_start_here.ipynb").read_text() == "my answers"
    assert len(list((tmp_path / "mine" / "solutions").glob("*.ipynb"))) > 10
    assert "stayed as they were" in again.stdout
    (tmp_path / "file").touch()
    bad = copy("file")
    assert bad.returncode == 1 and bad.stderr.startswith("Cannot write to file: ")
