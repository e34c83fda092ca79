"""The daily allowance of API calls, over the last 24 hours by the clock (fact sheet section 9)."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tieline_standins.core.http import Json
from tieline_standins.salesforce.settings import Settings

_DAY = timedelta(hours=24)
_MINUTE = timedelta(minutes=1)


@dataclass
class Usage:
    """Calls of the last 24 hours, counted by the minute."""

    settings: Settings
    used: int = 0
    _minutes: deque[list[Json]] = field(default_factory=deque)

    def count(self, now: datetime) -> bool:
        """Count one call; False when the allowance is used up."""
        while self._minutes and self._minutes[0][0] <= now - _DAY:
            self.used -= self._minutes.popleft()[1]
        if self.used >= self.settings.daily_api_requests and self.settings.enforce_daily_limit:
            return False
        if self._minutes and now - self._minutes[-1][0] < _MINUTE:
            self._minutes[-1][1] += 1
        else:
            self._minutes.append([now, 1])
        self.used += 1
        return True

    def header(self) -> str:
        return f"api-usage={self.used}/{self.settings.daily_api_requests}"

    def limits(self) -> Json:
        """The answer of /limits, with the names a real org answers."""
        daily = self.settings.daily_api_requests
        remaining = {"DailyApiRequests": (daily, max(daily - self.used, 0))}
        for name, most in _OTHERS.items():
            remaining[name] = (most, most)
        return {name: {"Max": most, "Remaining": left} for name, (most, left) in remaining.items()}


_OTHERS = {
    "DailyBulkApiBatches": 15_000,
    "DailyBulkV2QueryJobs": 10_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DailyDeliveredPlatformEvents": 10_000,
    "HourlyPublishedPlatformEvents": 50_000,
    "DailyStreamingApiEvents": 10_000,
}
