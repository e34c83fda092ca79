"""Alerts: one per cause, told once and told again when over, delivered until they have arrived."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.api.serving import desk_on
from tests.observe.mailbox import MailServer, mail_server
from tests.security.listener import Listener, listening
from tieline.app import alert_delivery
from tieline.app.alert_delivery import MOST_ATTEMPTS, NotDelivered, deliver, send, trial
from tieline.app.alerts import FINDERS, look
from tieline.app.site import Site, SiteError, load_site
from tieline.engine.approval_policy import ApprovalPolicy, ApprovalRule
from tieline.engine.controls import pause, resume
from tieline.sdk.connector import Limits
from tieline.store.database import Database

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Watch:
    """A firm with two channels, and short ways to make it ill."""

    def __init__(self, database: Database, site: Site, hook: Listener, mail: MailServer) -> None:
        self.database, self.site, self.hook, self.mail = database, site, hook, mail

    def look(self) -> None:
        look(self.database, self.site)

    def deliver(self) -> int:
        return deliver(self.database, self.site)

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        with self.database.connection() as db:
            return db.execute(query.encode(), values).fetchall()

    def overdue(self, number: int = 1) -> None:
        for each in range(number):
            self.rows(
                "insert into agenda (flow, key, engagement, wanted, since) values ('contract_to_project', %s, 'eng_1',"
                " 1, clock_timestamp() - interval '2 hours') on conflict do nothing returning flow",
                f"con_{each}",
            )

    def well_again(self) -> None:
        self.rows("delete from agenda returning flow")

    def calm(self) -> None:
        """As if the calm time were over."""
        self.rows("update alert set seen_at = seen_at - interval '1 hour' returning id")

    def due_now(self) -> None:
        self.rows("update alert_message set due_at = clock_timestamp() where state = 'waiting' returning id")

    def states(self, channel: str) -> list[tuple[str, str]]:
        rows = self.rows("select news, state from alert_message where channel = %s order by id", channel)
        return [(row["news"], row["state"]) for row in rows]

    def told(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.hook.came]


@pytest.fixture
def watch(database: str, tmp_path: Path) -> Iterator[Watch]:
    opened = Database(database)
    with listening() as hook, mail_server() as mail:
        folder = tmp_path / "site"
        desk_on(opened, folder)
        (folder / "secrets" / "alerts").write_text(SECRET)
        with (folder / "site.toml").open("a") as toml:
            toml.write(
                f'\n[[alert_channel]]\nname = "ops"\nkind = "webhook"\nurl = "http://{hook.place}/alerts"\n'
                f'secret = "file:secrets/alerts"\nallow = ["{hook.place}"]\n'
                f'\n[[alert_channel]]\nname = "finance"\nkind = "email"\nserver = "{mail.place}"\nsecurity = "none"\n'
                'sender = "tieline@haldenmarsh.example"\nto = ["sam.ortiz@haldenmarsh.example"]\nonly = ["sla"]\n'
            )
        yield Watch(opened, load_site(folder), hook, mail)
    opened.close()


def test_many_records_that_are_late_are_one_alert_told_once(watch: Watch) -> None:
    watch.overdue(40)
    for _ in range(3):
        watch.look()
        watch.deliver()
    assert len(watch.told()) == len(watch.mail.letters) == 1
    (told,) = watch.told()
    assert told["type"] == "alert.raised"
    assert told["data"]["cause"] == "sla:project"
    assert told["data"]["message"] == "40 are not there yet although 10 minutes have passed."
    assert told["data"]["link"] == "http://127.0.0.1:8400/operations#service"
    letter = watch.mail.letters[0]
    assert letter["Subject"] == "[Tieline] Halden Marsh: Project set-up is late"
    assert letter["To"] == "sam.ortiz@haldenmarsh.example"
    assert "40 are not there yet" in letter.get_content()


def test_a_webhook_is_signed_as_standard_webhooks_say(watch: Watch) -> None:
    watch.overdue()
    watch.look()
    watch.deliver()
    ((path, headers, body),) = watch.hook.came
    assert path == "/alerts"
    assert Webhook(SECRET).verify(body, headers)["data"]["kind"] == "sla"
    with pytest.raises(Exception, match="signature"):
        Webhook(SECRET).verify(body + b" ", headers)


def test_an_alert_is_resolved_when_its_cause_has_been_gone_for_a_while(watch: Watch) -> None:
    watch.overdue()
    watch.look()
    watch.well_again()
    watch.look()
    watch.deliver()
    assert [told["type"] for told in watch.told()] == ["alert.raised"], "it may come back in a moment"
    watch.calm()
    watch.look()
    watch.deliver()
    assert [told["type"] for told in watch.told()] == ["alert.raised", "alert.resolved"]
    assert watch.mail.letters[-1]["Subject"] == "[Tieline] Halden Marsh: Resolved: Project set-up is late"
    watch.overdue()
    watch.look()
    watch.deliver()
    assert [told["type"] for told in watch.told()][2:] == ["alert.raised"], "a new time is a new alert"


def test_a_channel_hears_only_what_it_asked_for_and_only_the_end_of_what_it_heard(watch: Watch) -> None:
    pause(watch.database, "connection", "netsuite", "its credentials are refused", "tieline")
    watch.look()
    watch.deliver()
    assert [told["data"]["title"] for told in watch.told()] == ["netsuite refuses our credentials"]
    assert watch.mail.letters == []
    resume(watch.database, "connection", "netsuite", "Dana")
    watch.calm()
    watch.look()
    watch.deliver()
    assert watch.states("ops") == [("raised", "sent"), ("resolved", "sent")]
    assert watch.states("finance") == []


def test_a_message_that_does_not_arrive_is_tried_again_and_its_end_waits_for_it(watch: Watch) -> None:
    watch.hook.status = 503
    watch.overdue()
    watch.look()
    assert watch.deliver() == 1, "the letter alone"
    assert watch.deliver() == 0, "it waits before it is tried again"
    watch.well_again()
    watch.calm()
    watch.look()
    watch.due_now()
    watch.deliver()
    assert watch.states("ops") == [("raised", "waiting"), ("resolved", "waiting")]
    problems = watch.rows("select problem from alert_message where channel = 'ops' order by id")
    assert [row["problem"] for row in problems] == ["answered with status 503", None]
    watch.hook.status = 204
    watch.due_now()
    assert watch.deliver() == 2
    assert [told["type"] for told in watch.told()][-2:] == ["alert.raised", "alert.resolved"]
    ids = [headers["webhook-id"] for _, headers, _ in watch.hook.came]
    assert ids[0] == ids[1] == ids[2] != ids[3], "a repeat has the same id, so that the receiver knows it"


def test_a_crash_between_sending_and_the_note_of_it_loses_nothing(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sent_and_killed(*arguments: Any) -> None:
        send(*arguments)
        raise KeyboardInterrupt

    watch.overdue()
    watch.look()
    monkeypatch.setattr(alert_delivery, "send", sent_and_killed)
    with pytest.raises(KeyboardInterrupt):
        watch.deliver()
    monkeypatch.undo()
    assert ("raised", "waiting") in watch.states("ops")
    watch.due_now()
    watch.deliver()
    assert watch.states("ops") == watch.states("finance") == [("raised", "sent")]


def test_after_many_attempts_it_is_given_up_and_said(watch: Watch) -> None:
    watch.mail.refuse = b"550 no such person\r\n"
    watch.overdue()
    watch.look()
    watch.rows("update alert_message set attempts = %s where channel = 'finance' returning id", MOST_ATTEMPTS - 1)
    watch.deliver()
    (row,) = watch.rows("select state, problem from alert_message where channel = 'finance'")
    assert row == {"state": "given_up", "problem": "the mail server refused it: 550 no such person"}


def test_two_workers_that_look_at_once_raise_one_alert(watch: Watch) -> None:
    from concurrent.futures import ThreadPoolExecutor

    watch.overdue()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: watch.look(), range(8)))
        list(pool.map(lambda _: watch.deliver(), range(8)))
    assert len(watch.told()) == 1


def test_every_finder_finds_what_it_is_for(watch: Watch) -> None:
    now = "clock_timestamp()"
    for statement in (
        f"insert into circuit (connection, failures, opened_at, retry_at, reason) values ('kantata', 5,"
        f" {now} - interval '1 hour', {now} + interval '10 seconds', 'does not answer') returning connection",
        "insert into feed_cursor (stream, failures, problem) values ('salesforce:opportunities', 3, 'timed out')"
        " returning stream",
        f"insert into call_minute values ('netsuite', date_trunc('minute', {now}), 90000, 0, 0, 1,"
        " array_fill(0, array[12])) returning minute",
        f"insert into call_minute values ('salesforce', date_trunc('minute', {now}) - interval '3 hours', 75000, 0, 0,"
        " 1, array_fill(0, array[12])) returning minute",
        "insert into posting_batch (connection, line_ids) values ('netsuite', '{1,2,3}') returning id",
        f"insert into effect (connection, target, subject, engagement, flow, key, label, state, epoch, create_key,"
        f" content_hash, sent_at) values ('netsuite', 'project', 'p', 'e', 'f', 'k', 'Project in ERP', 'in_doubt', 1,"
        f" 'c', '', {now} - interval '5 hours') returning id",
        f"insert into exception_item (kind, cause, message, owner, due_at) values ('mapping', 'x', 'x', 'finance',"
        f" {now} - interval '1 hour') returning id",
        "insert into approval (flow, key, label, content_hash, content, amount, currency, asked_at) values ('f', 'k',"
        f" 'Scope change', '', '{{}}', 80000, 'EUR', {now} - interval '25 hours') returning id",
        "insert into verification (asked_by, seed, state, violations) values ('tieline', 1, 'done', 2) returning id",
    ):
        watch.rows(statement)
    a_day = Limits(per_day=15_000, reserved_share=0.5)
    rule = ApprovalRule(what="Scope*", approvers=("anna@firm.example", "ben@firm.example"), people=2)
    approvals = ApprovalPolicy(rules=(rule,))
    site = replace(watch.site, limits={**watch.site.limits, "salesforce": a_day}, approvals=approvals)
    with watch.database.connection() as db:
        causes = {cause.cause: cause for finder in FINDERS for cause in finder(db, site)}
    assert causes["budget:salesforce"].message.startswith("75,000 of the 7,500 calls a day that are ours")
    assert causes["approval:1"].title == "'Scope change' (EUR 80,000.00) waits for a decision"
    assert "anna@firm.example or ben@firm.example; 2 people must approve" in causes["approval:1"].message
    assert {
        "connection:kantata:down",
        "connection:salesforce:opportunities:feed",
        "budget:salesforce",
        "backlog:netsuite",
        "writes:netsuite",
        "exceptions:finance",
        "verify",
    } <= set(causes)


def test_a_healthy_firm_raises_nothing(watch: Watch) -> None:
    watch.look()
    assert watch.rows("select 1 from alert") == []
    assert watch.deliver() == 0


def test_a_channel_can_be_tried(watch: Watch) -> None:
    for channel in watch.site.alert_channels:
        send(watch.site, channel, trial(watch.site))
    assert watch.told()[0]["type"] == "alert.test"
    assert "Messages of Tieline arrive here" in watch.mail.letters[0]["Subject"]


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not base64 ü", "whsec_x\0y", "   "])
def test_a_bad_secret_is_told_and_no_traceback(watch: Watch, secret: str) -> None:
    (watch.site.folder / "secrets" / "alerts").write_text(secret)
    with pytest.raises(NotDelivered, match="secret"):
        send(watch.site, watch.site.alert_channels[0], trial(watch.site))
    assert watch.hook.came == []


def test_a_title_with_line_breaks_makes_no_second_header(watch: Watch) -> None:
    news = replace(trial(watch.site), title="Late\r\nBcc: evil@example.com")
    send(watch.site, watch.site.alert_channels[1], news)
    letter = watch.mail.letters[0]
    assert letter["Bcc"] is None
    assert letter["Subject"].endswith("Late Bcc: evil@example.com")


def test_the_site_says_which_address_will_be_refused(watch: Watch) -> None:
    toml = watch.site.folder / "site.toml"
    toml.write_text(toml.read_text().replace(f'allow = ["{watch.hook.place}"]\n', ""))
    with pytest.raises(SiteError, match="plain http is refused"):
        load_site(watch.site.folder)
