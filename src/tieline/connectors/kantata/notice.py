"""A message to people, as a post on the project."""

from tieline.connectors.kantata.client import named
from tieline.connectors.kantata.records import Account
from tieline.connectors.kantata.references import REFERENCE
from tieline.model.notice import Notice
from tieline.sdk.operation import Links, Operation, Payload, Written


def notify(account: Account) -> Operation[Notice]:
    """A post that everybody on the project sees, once per occasion. Link `project`.

    It names those it is meant for in its text: recipients would make it private, and would have to take part in the
    project already.
    """
    facts = account.facts.operation["notice"]

    def render(notice: Notice, links: Links) -> Payload:
        addressed = f"For {', '.join(notice.to)}" if notice.to else ""
        message = "\n\n".join(part for part in (notice.subject_line, notice.text, addressed) if part)
        reference = account.references.of("notice", notice.subject)
        return {REFERENCE: reference, "workspace_id": links["project"], "message": message}

    def create(payload: Payload, key: str) -> Written:
        with named(f"Post on project {payload['workspace_id']}"):
            return Written(account.kantata.create("posts", {**payload, "workspace_id": int(payload["workspace_id"])}))

    return Operation(
        connection=account.connection,
        system=account.facts.system,
        target="notice",
        render=render,
        create=create,
        find=lambda payload: account.references.find("Post", payload[REFERENCE], "Post"),
        creates=facts.creates,
        updates=facts.updates,
        quarantine=facts.quarantine,
        support=facts.support,
    )
