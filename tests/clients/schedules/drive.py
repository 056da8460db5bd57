"""A year of firings in every zone of the IANA database, computed here and there."""

import http.client
import json
import os
import sys
from datetime import datetime, timezone
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim

START = datetime(2026, 1, 1, 0, 0, tzinfo=timezone.utc)
END = datetime(2027, 1, 1, 0, 0, tzinfo=timezone.utc)
# Fixed times in the hours in which clocks change, wildcards, calendars. The first number is how many firings a request asks for.
EXPRESSIONS = [
    (400, "30 2 * * *"),
    (400, "0 0 * * *"),
    (400, "15 1 * * *"),
    (400, "30 3 * * 0,6"),
    (1000, "45 */6 * * *"),
    (1000, "30 * * * *"),
    (20, "0 9 L * *"),
    (60, "0 2 * * 0#1"),
    (40, "0 1 L 3,10 *"),
]
# Where clocks change by half an hour.
HALF_HOURS = ("Australia/LHI", "Australia/Lord_Howe")


class Server:
    """The server under test, over one connection."""

    def __init__(self, url: str):
        parts = urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port)
        self.headers = {"Authorization": f"Bearer {os.environ['TIDEMILL_TOKEN']}", "Content-Type": "application/json"}

    def firings(self, expression: str, zone: str, start: datetime, count: int) -> list[datetime]:
        wanted = {"cron": expression, "timezone": zone, "count": count, "from": start.isoformat()}
        self.connection.request("POST", "/api/schedules/explain", json.dumps(wanted), self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (zone, expression, body)
        return [datetime.fromisoformat(firing["at"]) for firing in json.loads(body)["next"]]


def of_the_year(server: Server, expression: str, zone: str, count: int) -> list[datetime]:
    found, start = [], START
    while True:
        page = server.firings(expression, zone, start, count)
        found += [at for at in page if at < END]
        if len(page) < count or page[-1] >= END:
            return found
        start = page[-1]


def expected(expression: str, zone: str) -> list[datetime]:
    found = []
    for local in CronSim(expression, START.astimezone(ZoneInfo(zone))):
        at = local.astimezone(timezone.utc)
        if at >= END:
            return found
        if at > START:
            found.append(at)
    return found


def missed_here(expression: str, zone: str, got: list[datetime], want: list[datetime]) -> bool:
    """Whether the server is right all the same.

    cronsim goes through wildcards hour by hour, and misses half past where clocks change by half an hour: then the server has more,
    and what it has more is on the zone's clocks what the expression names.
    """
    extra = set(got) - set(want)
    return (
        zone in HALF_HOURS
        and expression == "30 * * * *"
        and set(want) <= set(got)
        and len(extra) == 2
        and all(at.astimezone(ZoneInfo(zone)).minute == 30 for at in extra)
    )


def main() -> None:
    server = Server(sys.argv[1])
    zones = sorted(zone for zone in available_timezones() if zone not in ("Factory", "localtime"))
    # Zones that are another's namesake have the same clocks: one of each kind is enough.
    seen, checked, different = set(), 0, []
    for zone in zones:
        for count, expression in EXPRESSIONS:
            want = expected(expression, zone)
            if (expression, tuple(want)) in seen:
                continue
            seen.add((expression, tuple(want)))
            got = of_the_year(server, expression, zone, count)
            checked += len(want)
            if got != want and not missed_here(expression, zone, got, want):
                missing = [at.isoformat() for at in want if at not in got][:3]
                extra = [at.isoformat() for at in got if at not in want][:3]
                different.append(f"{zone} {expression!r}: cronsim has {missing}, the server {extra}")
    for line in different[:40]:
        print(line, file=sys.stderr)
    assert not different, f"{len(different)} differ"
    print(f"{len(zones)} zones, {checked} firings of {len(EXPRESSIONS)} schedules in 2026: the same")


main()
