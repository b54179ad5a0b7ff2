"""What the page draws its charts from: one group of metrics, as they went in the last ten minutes.

Asked for every few seconds while somebody looks at it, and never part of a frame.
"""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kafkalab.lab import METRIC_GROUPS, Chart, Kind
from kafkalab.web.labs.open_labs import open_labs
from kafkalab.web.labs.owners import owner_of


@require_safe
@never_cache
async def charts(request: HttpRequest, name: str) -> JsonResponse:
    lab = await open_labs.opened(name, owner_of(request))
    asked = request.GET.get("group", "")
    group = asked if asked in METRIC_GROUPS else METRIC_GROUPS[0]
    drawn = lab.metrics.charts(group)
    return JsonResponse(
        {
            "group": group,
            "groups": METRIC_GROUPS,
            "times_us": drawn[0].times_us if drawn else [],
            "charts": [_chart(each) for each in drawn],
        }
    )


def _chart(chart: Chart) -> dict[str, Any]:
    metric = chart.metric
    return {
        "name": metric.title,
        "of": chart.of,
        "by": metric.line,
        "bean": metric.bean,
        "attribute": metric.attribute,
        "unit": metric.unit,
        "per_s": metric.kind is Kind.METER,
        "meaning": metric.meaning,
        "bad": metric.bad,
        "source": metric.source,
        "above": metric.bad_above,
        "below": metric.bad_below,
        "left_out": chart.left_out,
        "lines": [
            {"label": line.label, "values": [None if it is None else round(it, 3) for it in line.values]}
            for line in chart.lines
        ],
    }
