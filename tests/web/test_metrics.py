"""Metrics on the web: as Prometheus text to whom they belong, and as charts."""

import asyncio
import base64
from pathlib import Path

from django.test import AsyncClient
from prometheus_client.parser import text_string_to_metric_families

from kafkalab.lab import commands
from tests.web.labs import done, home_lab
from tests.web.test_learners import made, school


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_prometheus_reads_what_the_page_says() -> None:
    async def scenario() -> None:
        async with home_lab() as lab:
            await done(lab, commands.CreateTopic("orders", 3, 3))
            for number in range(5):
                await done(lab, commands.SendRecord("orders", f"{number}", "hello"))
            answer = await AsyncClient().get("/metrics")
            assert answer.headers["Content-Type"].startswith("text/plain; version=")
            families = {it.name: it for it in text_string_to_metric_families(answer.content.decode())}
            leaders = families["kafka_server_replicamanager_leadercount"]
            assert leaders.type == "gauge"
            assert {(it.labels["lab"], it.labels["node"]) for it in leaders.samples} == {
                ("home", f"broker-{each}") for each in (1, 2, 3)
            }
            records = families["kafka_server_brokertopicmetrics_messagesin"]
            assert records.type == "counter"
            assert sum(it.value for it in records.samples if it.labels.get("topic") == "orders") == 5
            times = families["kafka_network_requestmetrics_totaltimems"]
            assert times.type == "summary"
            assert {it.labels.get("quantile") for it in times.samples} == {"0.5", "0.95", "0.99", None}
            assert "kafka_controller_kafkacontroller_offlinepartitionscount" in families
            assert "kafka_producer_producer_metrics_record_error" in families

    asyncio.run(scenario())


def test_the_metrics_of_a_learners_lab_are_for_its_owner_alone(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with school(tmp_path) as many:
            owner, stranger, scraper = AsyncClient(), AsyncClient(), AsyncClient()
            name = await made(owner)
            await owner.get(f"/labs/{name}/")
            tenant = many.by_name[name]
            where = f"/labs/{name}/metrics"
            seen = {
                "owner": await owner.get(where),
                "scraper": await scraper.get(where, headers=basic(tenant.user, tenant.password)),
                "stranger": await stranger.get(where),
                "guesser": await stranger.get(where, headers=basic(tenant.user, "secret")),
                "nonsense": await stranger.get(where, headers={"Authorization": "Basic %%%"}),
                "no such": await stranger.get("/labs/lab-000000/metrics"),
            }
            assert {who: answer.status_code for who, answer in seen.items()} == {
                "owner": 200, "scraper": 200, "stranger": 404, "guesser": 404, "nonsense": 404, "no such": 404,
            }  # fmt: skip
            assert f'lab="{name}"' in seen["owner"].content.decode()
            everybodys = (await stranger.get("/metrics")).content.decode()
            assert 'lab="home"' in everybodys
            assert name not in everybodys
            assert f'lab="{name}"' in (await owner.get("/metrics")).content.decode()

    asyncio.run(scenario())


def test_being_scraped_wakes_no_lab(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with school(tmp_path) as many:
            owner = AsyncClient()
            name = await made(owner)
            await owner.get(f"/labs/{name}/")
            tenant = many.by_name[name]
            many.put_to_sleep(tenant)
            used_at = tenant.used_at
            answer = await owner.get(f"/labs/{name}/metrics")
            assert (answer.status_code, answer.content) == (200, b"")
            assert tenant.lab is None
            assert tenant.used_at == used_at

    asyncio.run(scenario())
