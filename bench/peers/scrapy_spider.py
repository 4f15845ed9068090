"""Scrapy at its best for this: `scrapy_spider.py URLS CONCURRENCY`; the bodies go to a feed, `items.jsonl`.

Everything that its guide to broad crawls and its settings name as a cost is off: delays, log, cookies, retries,
redirects, robots.txt, the duplicate filter, the console; the reactor runs on uvloop.
"""

import sys

import scrapy
from scrapy.crawler import CrawlerProcess

PATH, CONCURRENCY = sys.argv[1], int(sys.argv[2])


class Bulk(scrapy.Spider):
    """Asks for each URL, and yields what came."""

    name = "bulk"

    async def start(self):
        with open(PATH) as file:  # noqa: ASYNC230, PTH123
            for line in file:
                yield scrapy.Request(line.strip(), dont_filter=True)

    def parse(self, response):
        yield {"url": response.url, "body": response.text}


process = CrawlerProcess(
    {
        "ASYNCIO_EVENT_LOOP": "uvloop.Loop",
        "AUTOTHROTTLE_ENABLED": False,
        "CONCURRENT_ITEMS": CONCURRENCY,
        "CONCURRENT_REQUESTS": CONCURRENCY,
        "CONCURRENT_REQUESTS_PER_DOMAIN": CONCURRENCY,
        "COOKIES_ENABLED": False,
        "DOWNLOAD_DELAY": 0,
        "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",
        "FEEDS": {"items.jsonl": {"format": "jsonlines"}},
        "LOG_ENABLED": False,
        "REDIRECT_ENABLED": False,
        "RETRY_ENABLED": False,
        "ROBOTSTXT_OBEY": False,
        "TELNETCONSOLE_ENABLED": False,
    }
)
process.crawl(Bulk)
process.start()
