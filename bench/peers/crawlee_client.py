"""Crawlee's HttpCrawler at its best for this: `crawlee_client.py URLS CONCURRENCY`; bodies go to its dataset.

Storage in memory, as many tasks from the start as there may be, no sessions, no retries, no log.
"""

import asyncio
import logging
import sys
from datetime import timedelta

from crawlee import ConcurrencySettings
from crawlee.crawlers import HttpCrawler, HttpCrawlingContext
from crawlee.storage_clients import MemoryStorageClient


async def main(path: str, concurrency: int) -> None:
    logging.disable(logging.CRITICAL)
    crawler = HttpCrawler(
        concurrency_settings=ConcurrencySettings(
            min_concurrency=concurrency, max_concurrency=concurrency, desired_concurrency=concurrency
        ),
        configure_logging=False,
        max_request_retries=0,
        respect_robots_txt_file=False,
        statistics_log_format="inline",
        status_message_logging_interval=timedelta(hours=1),
        storage_client=MemoryStorageClient(),
        use_session_pool=False,
    )
    count = size = 0

    @crawler.router.default_handler
    async def keep(context: HttpCrawlingContext) -> None:
        nonlocal count, size
        body = await context.http_response.read()
        count, size = count + 1, size + len(body)
        await context.push_data({"url": context.request.url, "body": body.decode()})

    with open(path) as file:  # noqa: ASYNC230, PTH123
        urls = [line.strip() for line in file]
    await crawler.run(urls)
    print(count, size)


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
