"""Checking and installing the engine."""

import sys
from pathlib import Path

import bpy
import pytest

from blender_addon import client, installation, places, preferences
from blender_addon.messages import AddonError


@pytest.fixture
def steps(addon, tmp_path, monkeypatch):
    """steps(*commands): what the installation runs in place of venv and pip; each is Python code."""
    monkeypatch.setattr(preferences, "settings", lambda: preferences.Settings(wheels=str(tmp_path)))

    def use(*commands, needed=True):
        def make(base, environment, wheels="", extra_index=""):
            return [
                installation.Step(f"Step {number}", [sys.executable, "-I", "-c", code, str(environment)], 0.5, needed)
                for number, code in enumerate(commands)
            ]

        monkeypatch.setattr(installation, "steps", make)

    return use


MAKE = "import sys, pathlib; pathlib.Path(sys.argv[1], 'bin').mkdir(parents=True)"


def test_an_installation_is_marked_when_it_is_complete(steps):
    steps(MAKE, "print('Collecting torch')")
    assert bpy.ops.facemimic.install_engine() == {"FINISHED"}
    assert places.finished_mark(places.engine_environment()).is_file()
    assert installation.running() is None
    assert "Collecting torch" in places.log_file("install").read_text()


def test_a_failed_installation_leaves_nothing_and_says_why(steps):
    steps(MAKE, "import sys; print('ERROR: No matching distribution found for torch'); sys.exit(1)")
    with pytest.raises(
        RuntimeError, match=r"Step 1 failed: ERROR: No matching distribution found for torch\..*install\.log"
    ):
        bpy.ops.facemimic.install_engine()
    assert not places.engine_environment().exists()


def test_a_step_that_may_fail_does_not_end_the_installation(steps):
    steps(MAKE, "raise SystemExit(1)", needed=False)
    assert bpy.ops.facemimic.install_engine() == {"FINISHED"}


def test_a_cancelled_installation_leaves_nothing(steps):
    steps(MAKE, "import time; time.sleep(60)")
    running = installation.start(Path(sys.executable), wheels="x")
    while running.stage != "Step 1":
        running.poll()
    assert installation.running() is running
    bpy.ops.facemimic.cancel_installation()
    assert installation.running() is None
    assert not places.engine_environment().exists()
    assert "cancelled" in str(running.error)


def test_the_log_is_read_for_what_pip_is_doing(tmp_path):
    log = tmp_path / "log"
    running = installation.Installation(tmp_path / "env", [], log)
    step = installation.Step("Installing the engine's packages", [], 0.9)
    for line, shown in (
        ("Collecting torch<3,>=2.11 (from facemimic)", "Collecting torch"),
        ("Downloading https://files.example/torch-2.13.0-cp311-none-linux.whl (900 MB)", "Downloading torch"),
        ("Downloading opencv_contrib_python-4.13-cp37-abi3-linux.whl (60 MB)", "Downloading opencv_contrib_python"),
        ("Installing collected packages: numpy, torch", "Unpacking the packages"),
    ):
        log.write_text(line)
        running._look(step)
        assert running.stage == shown
        assert 0 <= running.fraction < 0.9


def test_nothing_is_downloaded_unless_blender_may_use_the_internet(addon, scene):
    assert not bpy.app.online_access
    with pytest.raises(RuntimeError, match="may not use the internet"):
        bpy.ops.facemimic.install_engine()
    with pytest.raises(RuntimeError, match="may not use the internet"):
        bpy.ops.facemimic.fetch_tracker()


def test_the_commands_go_to_the_engines_own_python(tmp_path):
    venv, pip, tracker, check = installation.steps(Path(sys.executable), tmp_path / "env")
    own = str(places.python_in(tmp_path / "env"))
    assert venv.command[0] == sys.executable
    assert all(step.command[:2] == [own, "-I"] for step in (pip, tracker, check))
    assert any(package.startswith("torch") for package in pip.command)
    assert any(package.startswith("mediapipe") for package in pip.command)
    assert not tracker.needed
    offline = installation.steps(Path(sys.executable), tmp_path / "env", wheels="/wheels")
    assert [p for p in offline[1].command if p in ("--no-index", "--find-links", "/wheels")] == [
        "--no-index",
        "--find-links",
        "/wheels",
    ]
    assert len(offline) == 3


def test_a_base_python_must_be_one_of_a_fitting_version(tmp_path, monkeypatch):
    with pytest.raises(AddonError, match="is not a Python"):
        installation.base_python(str(tmp_path / "nothing"))
    monkeypatch.setattr(installation, "_version", lambda python: (3, 14))
    with pytest.raises(AddonError, match=r"is Python 3\.14"):
        installation.base_python("/usr/bin/python3")
    with pytest.raises(AddonError, match=r"No Python 3\.11, 3\.12 or 3\.13 was found"):
        installation.base_python("")


def test_this_python_can_be_the_base(addon):
    assert installation.base_python("").is_file()


def test_the_engine_is_asked_what_it_is_made_of(addon, scene, capfd):
    if places.default_python() is None:
        pytest.skip("needs the engine's Python in .venv")
    try:
        assert bpy.ops.facemimic.check_engine() == {"FINISHED"}
    finally:
        client.stop()


def test_a_python_that_was_removed_is_named(addon, monkeypatch, tmp_path):
    gone = str(tmp_path / "python")
    monkeypatch.setattr(preferences, "settings", lambda: preferences.Settings(engine_python=gone))
    with pytest.raises(AddonError, match="There is no Python at"):
        preferences.engine_python()
