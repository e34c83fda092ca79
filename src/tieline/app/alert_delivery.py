"""Telling people: messages of alerts go out by webhook or e-mail, and are tried again until they have arrived.

A message is claimed for a minute before it is sent, so one that a crash interrupts goes out again, under the same id.
"""

import base64
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from http.client import HTTPException
from typing import Any

import structlog
from standardwebhooks import Webhook

from tieline.app.site import Site, read_secret
from tieline.app.site_service import AlertChannel, EmailChannel, WebhookChannel
from tieline.sdk import jsontext
from tieline.sdk.errors import Unauthorized
from tieline.sdk.secrets import scrub
from tieline.security.outbound import TIMEOUT, Denied, post, target_of
from tieline.store.database import Database

log = structlog.get_logger()

CLAIM_SECONDS = 60
SHORTEST_KEY = 24
"""Bytes, as Standard Webhooks demand."""
MOST_ATTEMPTS = 40
"""Doubling from five seconds to an hour: a day and a half."""


class NotDelivered(Exception):
    """The message did not arrive; the text says why."""


@dataclass(frozen=True, kw_only=True)
class News:
    """What is told."""

    message_id: str
    news: str
    """`raised`, `resolved` or `test`."""
    cause: str
    kind: str
    title: str
    message: str
    link: str
    opened_at: datetime
    resolved_at: datetime | None = None
    recipient: str | None = None
    """E-mail of the one person it is for; None: whoever the channel reaches."""

    @property
    def headline(self) -> str:
        """One line."""
        return f"Resolved: {self.title}" if self.news == "resolved" else self.title

    def body(self, site: Site) -> dict[str, Any]:
        """As a webhook carries it."""
        at = self.resolved_at or self.opened_at
        return {
            "type": f"alert.{self.news}",
            "timestamp": at.isoformat(),
            "data": {
                "firm": site.firm.name,
                "cause": self.cause,
                "kind": self.kind,
                "title": self.title,
                "message": self.message,
                "opened_at": self.opened_at.isoformat(),
                "resolved_at": self.resolved_at.isoformat() if self.resolved_at else None,
                "link": f"{site.alerts.console.rstrip('/')}{self.link}",
                **({"to": self.recipient} if self.recipient else {}),
            },
        }


# A resolution waits until the channel has heard of the alert, or will never.
_CLAIM = """
with next as (
  select m.id from alert_message m where m.state = 'waiting' and m.due_at <= clock_timestamp()
    and not exists (select from alert_message o where o.alert_id = m.alert_id and o.channel = m.channel
      and o.id < m.id and o.state = 'waiting' and o.recipient is not distinct from m.recipient)
  order by m.due_at, m.id for update skip locked limit 1)
update alert_message m set attempts = attempts + 1, due_at = clock_timestamp() + make_interval(secs => %s)
from next, alert a where m.id = next.id and a.id = m.alert_id
returning m.id, m.channel, m.news, m.attempts, m.recipient, a.cause, a.kind, a.title, a.message, a.link,
  a.opened_at, a.resolved_at
"""
_SENT = "update alert_message set state = 'sent', sent_at = clock_timestamp(), problem = null where id = %s"
_AGAIN = """
update alert_message set state = case when %(last)s then 'given_up' else 'waiting' end, problem = %(problem)s,
  due_at = clock_timestamp() + make_interval(secs => %(wait)s)
where id = %(id)s and state = 'waiting'
"""


def deliver(database: Database, site: Site) -> int:
    """Send what is due; returns how many messages arrived."""
    arrived = 0
    while True:
        with database.connection() as db:
            row = db.execute(_CLAIM, [CLAIM_SECONDS]).fetchone()
        if row is None:
            return arrived
        arrived += _deliver(database, site, row)


def _deliver(database: Database, site: Site, row: Mapping[str, Any]) -> bool:
    channel = next((one for one in site.alert_channels if one.name == row["channel"]), None)
    news = News(
        message_id=f"{site.uid}-alert-{row['id']}",
        **{name: row[name] for name in ("news", "cause", "kind", "title", "message", "link", "opened_at", "recipient")},
        resolved_at=row["resolved_at"] if row["news"] == "resolved" else None,
    )
    problem = "the site has no channel of this name any more"
    try:
        if channel is not None:
            send(site, channel, news)
            with database.connection() as db:
                db.execute(_SENT, [row["id"]])
            return True
    except NotDelivered as error:
        problem = scrub(str(error))[:300]
    wait = min(5.0 * 2.0 ** min(row["attempts"] - 1, 12), 3600.0)
    last = channel is None or row["attempts"] >= MOST_ATTEMPTS
    with database.connection() as db:
        db.execute(_AGAIN, {"id": row["id"], "problem": problem, "wait": wait, "last": last})
    log.warning("alert_not_delivered", channel=row["channel"], problem=problem, attempt=row["attempts"])
    return False


def send(site: Site, channel: AlertChannel, news: News) -> None:
    """Send one message now. Raises NotDelivered."""
    if isinstance(channel, WebhookChannel):
        _send_webhook(site, channel, news)
    else:
        _send_email(site, channel, news)


def _send_webhook(site: Site, channel: WebhookChannel, news: News) -> None:
    body = jsontext.dumps(news.body(site))
    now = datetime.now(UTC)
    try:
        secret = read_secret(site.folder, channel.name, "secret", channel.secret)
    except Unauthorized as error:
        raise NotDelivered(error.message) from error
    signature = Webhook(_key(secret)).sign(news.message_id, now, body.decode())
    headers = {
        "content-type": "application/json",
        "user-agent": "Tieline",
        "webhook-id": news.message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }
    try:
        status = post(target_of(channel.url, channel.allow), body, headers)
    except Denied as error:
        raise NotDelivered(str(error)) from error
    except (OSError, HTTPException, ValueError) as error:
        raise NotDelivered(f"cannot be reached: {str(error) or type(error).__name__}") from error
    if not 200 <= status < 300:
        raise NotDelivered(f"answered with status {status}")


def _key(secret: str) -> bytes:
    """The key of a secret; the package itself takes any rubbish or raises whatever base64 raises."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if len(key) < SHORTEST_KEY:
        raise NotDelivered("the secret is no Standard Webhooks secret: whsec_ and at least 24 random bytes as base64")
    return key


def _send_email(site: Site, channel: EmailChannel, news: News) -> None:
    host, _, port = channel.server.rpartition(":")
    message = _letter(site, channel, news)
    try:
        password = read_secret(site.folder, channel.name, "password", channel.password) if channel.user else ""
        context = ssl.create_default_context()
        with (
            smtplib.SMTP_SSL(host.strip("[]"), int(port), timeout=TIMEOUT, context=context)
            if channel.security == "tls"
            else smtplib.SMTP(host.strip("[]"), int(port), timeout=TIMEOUT)
        ) as server:
            if channel.security == "starttls":
                server.starttls(context=context)
            if channel.user:
                server.login(channel.user, password)
            server.send_message(message)
    except Unauthorized as error:
        raise NotDelivered(error.message) from error
    except smtplib.SMTPResponseException as error:
        text = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        raise NotDelivered(f"the mail server refused it: {error.smtp_code} {text}") from error
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise NotDelivered(f"the mail server cannot be used: {str(error) or type(error).__name__}") from error


def _letter(site: Site, channel: EmailChannel, news: News) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = " ".join(f"[Tieline] {site.firm.name}: {news.headline}".split())
    message["From"] = channel.sender
    message["To"] = news.recipient or ", ".join(channel.to)
    message["Message-ID"] = f"<{news.message_id}@tieline>"
    message["Date"] = news.resolved_at or news.opened_at
    message["Auto-Submitted"] = "auto-generated"
    until = f"\nIt was over at {news.resolved_at:%Y-%m-%d %H:%M} UTC." if news.resolved_at else ""
    message.set_content(
        f"{news.headline}\n\n{news.message}\n\nIt began at {news.opened_at:%Y-%m-%d %H:%M} UTC.{until}\n\n"
        f"{site.alerts.console.rstrip('/')}{news.link}\n"
    )
    return message


def trial(site: Site) -> News:
    """A message that says that messages arrive."""
    now = datetime.now(UTC)
    return News(
        message_id=f"{site.uid}-test-{int(now.timestamp())}",
        news="test",
        cause="test",
        kind="test",
        title="Messages of Tieline arrive here",
        message="Somebody tried this channel. There is nothing to do.",
        link="/operations",
        opened_at=now,
    )
