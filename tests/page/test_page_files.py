"""The built page: complete, of its sources, without a word of the internet; and what is said where there is none."""

import re
import shutil

import pytest
from winter_river import npm
from winter_river import page as page_files


@pytest.fixture
def built():
    return page_files.build()


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """The sources of the page, copied to where they can be changed."""
    source = tmp_path / "ui"
    shutil.copytree(page_files._SOURCE, source, ignore=shutil.ignore_patterns("dist", ".new-*"))
    monkeypatch.setattr(page_files, "_SOURCE", source)
    monkeypatch.setattr(page_files, "_DIST", source / "dist")
    return source


def test_built_page_is_complete_and_of_its_sources(built):
    names = {file.name for file in built.iterdir()}
    assert {"index.html", "guide.html", "app.js", "app.css", "icon.svg", "licences.txt"} <= names
    assert page_files.is_current()
    assert page_files.folder() == built


def test_a_changed_source_is_built_anew_and_an_unchanged_one_is_not(elsewhere):
    told = []
    page_files.build(progress=told.append)
    assert told == ["Building the page ..."]
    page_files.build(progress=told.append)
    assert len(told) == 1
    guide = elsewhere / "guide.html"
    guide.write_text(guide.read_text() + "<!-- changed -->")
    assert not page_files.is_current()
    page_files.build(progress=told.append)
    assert "<!-- changed -->" in (elsewhere / "dist" / "guide.html").read_text()


def test_a_fault_in_the_sources_is_told_with_its_place_and_leaves_the_old_page(elsewhere):
    page_files.build()
    (elsewhere / "src" / "main.tsx").write_text("const = 1;")
    with pytest.raises(page_files.PageError, match=r"main\.tsx:1"):
        page_files.build()
    assert page_files.folder() is not None
    assert not list(elsewhere.glob(".new-*"))


def test_without_node_the_cure_is_named(elsewhere, monkeypatch):
    monkeypatch.setattr(npm, "find", lambda _major_min: None)
    with pytest.raises(page_files.PageError, match="sudo apt install nodejs npm"):
        page_files.build()
    assert page_files.folder() is None
    assert "tools/setup run" in page_files.missing_html()


def test_files_name_no_address_of_the_internet(built):
    for name in ("index.html", "guide.html", "app.js", "app.css"):
        addresses = set(re.findall(r"https?://[\w.-]+", (built / name).read_text()))
        assert addresses <= {"http://www.w3.org"}, name  # the names of SVG and MathML, which nobody fetches


def test_markup_holds_no_inline_script_or_style(built):
    for name in ("index.html", "guide.html"):
        text = (built / name).read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", text), name


def test_lock_file_pins_by_hash_and_names_no_registry():
    text = (page_files._SOURCE / "package-lock.json").read_text()
    assert '"resolved"' not in text
    assert text.count('"integrity"') == text.count('"node_modules/')
