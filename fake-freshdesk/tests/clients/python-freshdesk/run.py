"""Runs PyPI's python-freshdesk 1.3.9, unchanged, over TLS against the real binary.

The client forces https and wants "freshdesk.com" in the domain, so the name is
left as it is and only its address is overridden, as a hosts entry would do.
"""

import os
import pathlib
import socket
import subprocess
import sys
import tempfile

from freshdesk.v2.api import API
from freshdesk.v2 import errors

ROOT = pathlib.Path(__file__).resolve().parents[4]
DOMAIN = "yourcompany.freshdesk.com"


def binary():
    if len(sys.argv) > 1:
        return sys.argv[1]
    target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
    return os.environ.get("FAKE_FRESHDESK_BIN", str(pathlib.Path(target) / "debug" / "fake-freshdesk"))


def start(plan, ca):
    process = subprocess.Popen(
        [
            binary(), "--listen", "127.0.0.1:0", "--control-listen", "127.0.0.1:0", "--tls",
            "--tls-listen", "127.0.0.1:0", "--tls-ca", ca, "--account", f"{DOMAIN}:{plan}",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    seen = {}
    for line in process.stdout:
        words = line.split()
        if not words:
            break
        if words[0] == "listening":
            seen[words[1]] = words[2]
        if words[0] == "account":
            seen["key"] = words[3]
    return process, int(seen["tls"].rsplit(":", 1)[1]), seen["key"]


def override_addresses():
    real = socket.getaddrinfo

    def resolve(host, *rest, **more):
        return real("127.0.0.1" if str(host).endswith(".freshdesk.com") else host, *rest, **more)

    socket.getaddrinfo = resolve


def refused(kind, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except kind as error:
        assert type(error) is kind, f"{type(error)} is not {kind}"
        return str(error)
    raise AssertionError(f"{kind.__name__} expected")


def play(api, port, ca):
    contact = api.contacts.create_contact(name="Ann Lee", email="ann@example.com")
    yield "creates a contact", contact.email == "ann@example.com"
    ticket = api.tickets.create_ticket(
        "Where is order 1042?", email="ann@example.com", description="It was due <b>Monday</b>.", tags=["orders"]
    )
    yield "creates a ticket", ticket.id == 1 and ticket.description_text == "It was due Monday."
    yield "knows names of numbers", ticket.status == "open" and ticket.priority == "low"
    with tempfile.NamedTemporaryFile(suffix=".txt") as file:
        file.write(b"a small file")
        file.flush()
        other = api.tickets.create_ticket(
            "With a file", email="ben@example.com", description="see there", tags=["a", "b"], attachments=[file.name]
        )
    yield "creates a ticket with a file", other.attachments[0]["size"] == 12 and other.tags == ["a", "b"]
    reply = api.comments.create_reply(ticket.id, "On its way.")
    note = api.comments.create_note(ticket.id, "asked the carrier")
    yield "replies and notes", reply.body_text == "On its way." and note.private is True
    yield "lists the thread", [each.private for each in api.comments.list_comments(ticket.id)] == [False, True]
    updated = api.tickets.update_ticket(ticket.id, status=3, priority=4)
    yield "updates", updated.status == "pending" and updated.priority == "urgent"
    read = api.tickets.get_ticket(ticket.id, "conversations", "requester", "stats")
    yield "reads with includes", len(read.conversations) == 2 and read.requester["email"] == "ann@example.com"
    yield "lists", [each.id for each in api.tickets.list_tickets(filter_name=None)] == [2, 1]
    yield "lists new and my open", [each.id for each in api.tickets.list_tickets()] == [2]
    since = api.tickets.list_tickets(filter_name=None, updated_since="2020-01-01T00:00:00Z")
    yield "lists since", len(since) == 2
    yield "searches", api.tickets.filter_tickets("priority:4") == []
    api.tickets.delete_ticket(other.id)
    yield "deletes", [each.id for each in api.tickets.list_deleted_tickets()] == [2]
    yield "who am I", api.agents.currently_authenticated_agent().contact["name"] == "Admin"
    yield "lists agents", len(api.agents.list_agents()) == 1
    yield "lists roles", [role.name for role in api.roles.list_roles()][0] == "Account Administrator"
    yield "lists groups", api.groups.list_groups() == []
    yield "lists ticket fields", any(field.name == "status" for field in api.ticket_fields.list_ticket_fields())
    company = api.companies.create_company(name="Acme", domains=["acme.com"])
    yield "creates a company", api.companies.get_company(company.id).name == "Acme"
    yield "lists contacts", len(api.contacts.list_contacts()) == 2
    changed = api.contacts.update_contact(contact.id, job_title="Boss")
    yield "updates a contact", changed.job_title == "Boss"
    api.contacts.soft_delete_contact(contact.id)
    api.contacts.restore_contact(contact.id)
    yield "deletes and restores a contact", api.contacts.get_contact(contact.id).name == "Ann Lee"
    yield "lists time entries", api.time_entries.list_time_entries(ticket.id) == []
    told = refused(errors.FreshdeskBadRequest, api.tickets.create_ticket, "x", email="a@example.com", colour="red")
    yield "meets a 400", "colour" in told and "invalid_field" in told
    stranger = API(f"{DOMAIN}:{port}", "no-such-key", verify=ca)
    told = refused(errors.FreshdeskUnauthorized, stranger.tickets.get_ticket, 1)
    yield "meets a 401", "You have to be logged in" in told
    refused(errors.FreshdeskNotFound, api.tickets.get_ticket, 4711)
    yield "meets a 404", True
    yield "meets a 429", any(limited(api) for _ in range(110))


def limited(api):
    try:
        api.tickets.get_ticket(1)
    except errors.FreshdeskRateLimited as error:
        return "until" in str(error)
    return False


def main():
    override_addresses()
    with tempfile.TemporaryDirectory() as folder:
        ca = os.path.join(folder, "ca.pem")
        # requests prefers this variable to the session's own setting.
        os.environ["REQUESTS_CA_BUNDLE"] = ca
        process, port, key = start("trial", ca)
        try:
            for name, fine in play(API(f"{DOMAIN}:{port}", key, verify=ca), port, ca):
                if not fine:
                    sys.exit(f"FAIL python-freshdesk 1.3.9 {name}")
                print(f"ok   python-freshdesk 1.3.9 {name}", flush=True)
        finally:
            process.kill()
            process.wait()


main()
