"""What people see, in a real browser."""

import pytest
from playwright.sync_api import expect, sync_playwright

expect.set_options(timeout=90_000)  # the first page after a start is slow on two cores
FLAGS = [
    "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    "--disable-background-networking",
]  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1500, "height": 1300})
    page.set_default_timeout(90_000)
    yield page
    page.close()


def test_every_tab_of_the_dashboard_shows_its_charts(page, stack, passwords, shots):
    base = stack.url("superset")
    page.goto(f"{base}/login/")
    page.fill("#username", "analyst")
    page.fill("#password", passwords["superset:analyst"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/superset/welcome/**")
    page.goto(f"{base}/superset/dashboard/city-safety/")
    tabs = page.get_by_role("tab")
    expect(tabs.first).to_be_visible()
    for number in range(tabs.count()):
        tabs.nth(number).click()
        page.wait_for_timeout(1_000)
        expect(page.locator("[data-test='loading-indicator']:visible")).to_have_count(0)
        page.screenshot(path=shots / f"dashboard-{number + 1}.png", full_page=True)
        assert page.locator("[data-test='error-icon'], .ant-alert-error").count() == 0
        assert page.locator("[data-test-viz-type]:visible").count() >= 3


def test_airflow_shows_every_dag_and_our_pages_need_a_login(page, stack, passwords, shots):
    base = stack.url("airflow")
    for path in ("data-docs", "control-room", "control-room/now", "control-room.js"):
        assert page.request.get(f"{base}/precrisis/{path}").status == 401
    page.goto(f"{base}/auth/login")
    page.fill("input[name=username]", "engineer")
    page.fill("input[name=password]", passwords["airflow:engineer"])
    page.keyboard.press("Enter")
    page.wait_for_url(f"{base}/")
    page.goto(f"{base}/dags?limit=50")
    expect(page.get_by_text("warehouse_build").first).to_be_visible()
    page.screenshot(path=shots / "airflow-dags.png", full_page=True)
    page.goto(f"{base}/precrisis/data-docs")
    expect(page.get_by_role("link", name="footage_segment")).to_be_visible()
    page.screenshot(path=shots / "data-docs.png", full_page=True)
    page.goto(f"{base}/precrisis/control-room")
    expect(page.locator("#queue a").first).to_be_visible()
    page.screenshot(path=shots / "control-room.png")


def test_the_viewer_can_look_but_not_start_a_run(stack):
    import requests

    from infra.stack.airflow_api import Airflow

    viewer = Airflow(stack, user="viewer")
    assert "warehouse_build" in viewer.dag_ids()
    with pytest.raises(requests.HTTPError, match="403"):
        viewer.start("warehouse_build")
