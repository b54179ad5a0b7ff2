"""The page "What is real here": made from the code, so that it cannot tell what is not so."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kafkalab.lab import telling
from kafkalab.web.labs.open_labs import HOME, open_labs


@require_safe
@never_cache
async def real(request: HttpRequest) -> HttpResponse:
    apis = telling.apis()
    states = [row.state for row in apis]
    unread = telling.unread_configs()
    home = open_labs.common.get(HOME)
    limits = home.snapshot()["entities"]["lab"]["limits"] if home is not None else []
    context = {
        "home": HOME,
        "apis": apis,
        "answered": len(states) - states.count("missing"),
        "as_kafka": states.count("real"),
        "topic_configs": telling.topic_configs(),
        "broker_configs": telling.broker_configs(),
        "other_configs": telling.other_configs(),
        "unread": unread,
        "unread_count": sum(len(each.names) for _, groups in unread for each in groups),
        "features": telling.features(),
        "rules": telling.rules(),
        "limits": [
            each
            | {"of": each["of"].replace("_", " "), "used_words": f"{each['used']:,}", "most_words": f"{each['most']:,}"}
            for each in limits
        ],
    }
    return render(request, "labs/real.html", context)
