"""What others wrote and browsers run is what their packages hold, licence included."""

import hashlib
import json

import pytest

from gateway.portal.app import STATIC

VENDOR = STATIC / "vendor"
PACKAGES = json.loads((VENDOR / "manifest.json").read_text(encoding="utf-8"))["packages"]
FILES = [(name, digest) for package in PACKAGES.values() for name, digest in package["files"].items()]


def test_the_manifest_lists_every_file():
    assert {name for name, _ in FILES} == {path.name for path in VENDOR.iterdir()} - {"manifest.json"}


@pytest.mark.parametrize(("name", "digest"), FILES)
def test_a_file_is_the_one_that_was_taken(name, digest):
    assert digest == "sha256:" + hashlib.sha256((VENDOR / name).read_bytes()).hexdigest()


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_says_its_version_and_licence(package):
    about = PACKAGES[package]
    assert all(part.isdigit() for part in about["version"].split("."))
    assert about["license"] in {"0BSD", "MIT"}
    assert any(name.endswith("LICENSE") for name in about["files"])
