"""Dagster as a user opens it: the workspace validates, and the lineage page shows the groups in a real browser."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.integration.harness import ROOT, environment, handoff

BIN = Path(sys.executable).parent
GROUPS = ("landing", "staging", "input", "identity", "qualification", "stages", "readiness", "routing", "publication")
OFFLINE = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_workspace_validates(tmp_path):
    env = environment(DAGSTER_HOME=str(tmp_path), HANDOFF_HOME=str(tmp_path / "home"))
    done = subprocess.run(
        [str(BIN / "dagster"), "definitions", "validate", "-w", "workspace.yaml"],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture
def webserver(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    words = [str(BIN / "handoff"), "ui", "--home", str(tmp_path / "home"), "--port", str(port)]
    log = (tmp_path / "ui.log").open("w")
    process = subprocess.Popen(words, cwd=ROOT, env=environment(), stdout=log, stderr=log, start_new_session=True)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(address, process)
        yield address
    finally:
        os.killpg(process.pid, 15)
        process.wait(timeout=60)


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(f"{address}/server_info", timeout=5).read()
        except OSError:
            assert process.poll() is None, "the webserver ended by itself"
            time.sleep(0.5)
        else:
            return
    raise AssertionError("the webserver did not come up")


@pytest.fixture
def browser(chromium: str) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1600,1200", *OFFLINE):
        options.add_argument(flag)
    # The driver is named, so that nothing looks for one, or for a newer one, on the network.
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    yield driver
    driver.quit()


def test_the_lineage_page_shows_the_groups(browser, webserver, tmp_path):
    browser.get(f"{webserver}/asset-groups")
    page = WebDriverWait(browser, 180)
    page.until(lambda driver: all(group in driver.find_element(By.TAG_NAME, "body").text for group in GROUPS))
    browser.save_screenshot(str(tmp_path / "lineage.png"))


def test_ui_refuses_what_is_no_port():
    handoff("ui", "--port", "no", expect=2)
