"""Runs freshdesk-mcp-support, unchanged, over TLS against the real binary.

It is a venv of its own, since its module has the name of freshdesk-mcp's. Some of
its tools call what the web interface calls (`/api/_/…`), which is no public API:
they are told that there is no such thing.
"""

import asyncio
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from helpdesk import DOMAIN, KEY, play

# Searches see everything at once, and the first ticket is ours.
WORLD = """
    settings: { search_lag_seconds: 0 }
"""


def freshdesk_mcp_support(_):
    # Its HTTP library keeps only the address of an override, not the port.
    os.environ.update(FRESHDESK_API_KEY=KEY, FRESHDESK_DOMAIN=f"{DOMAIN}:{os.environ['FAKE_PORT']}")
    import httpx
    from freshdesk_mcp import server

    def run(name, **arguments):
        return asyncio.run(getattr(server, name)(**arguments))

    me = run("_get_current_agent_id")
    yield "knows who it is", isinstance(me, int) and me > 2**31
    page = run("get_tickets")
    yield "lists tickets", [ticket["id"] for ticket in page["tickets"]] == [2, 1] and page["pagination"]["next_page"] is None
    yield "has nothing to do", run("my_unresolved_tickets")["ticket_count"] == 0
    url = f"https://{DOMAIN}:{os.environ['FAKE_PORT']}/api/v2/tickets/1"
    given = httpx.put(url, json={"responder_id": me}, auth=(KEY, "X"), verify=False)
    assert given.status_code == 200, given.text
    mine = run("my_unresolved_tickets")
    yield "finds what is to do", [ticket["ticket id"] for ticket in mine["tickets"]] == [1]
    yield "reads when it is due", "Where is order 1042?" in mine["table"]
    yield "replies", run("add_ticket_reply", ticket_id=1, body="Soon") == {"body_text": "Soon"}
    thread = run("get_ticket_conversations", ticket_id=1)
    yield "sums the thread up", "Public: 2, Private: 1. Incoming: 0, Outgoing: 3." in thread["summary"]
    told = run("add_ticket_reply", ticket_id=4711, body="Soon")
    yield "is told of a 404", told["error"].startswith("HTTP 404")
    told = run("filter_tickets", responder_id=str(me))
    yield "is told what a search does not take", "400" in told["error"]


play([("freshdesk-mcp-support 1.1.0", freshdesk_mcp_support, "growth", WORLD)])
