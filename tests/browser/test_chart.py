"""The chart macro under the pages' policy: ECharts draws without a style attribute or an inline script."""

from playwright.sync_api import Page, expect

OPTION = (
    '{"xAxis": {"type": "category", "data": ["Mon", "Tue"]}, "yAxis": {}, "tooltip": {"trigger": "axis"}, '
    '"legend": {}, "series": [{"type": "bar", "name": "runs", "data": [3, 5]}]}'
)
ADD = """option => {
  const data = Object.assign(document.createElement("script"), {type: "application/json", id: "drawn-option"});
  data.textContent = option;
  const place = Object.assign(document.createElement("div"), {className: "chart"});
  place.dataset.chart = "drawn-option";
  document.querySelector("main").prepend(data, place);
  document.documentElement.dataset.bsTheme = "dark";
}"""


def test_a_chart_is_drawn_with_its_tooltip(page: Page) -> None:
    page.goto("/settings/profile")
    page.evaluate(ADD, OPTION)
    canvas = page.locator(".chart canvas")
    expect(canvas).to_be_visible()
    canvas.hover()
    drawn = page.evaluate("echarts.getInstanceByDom(document.querySelector('.chart')).getOption()")
    assert drawn["series"][0]["data"] == [3, 5]
