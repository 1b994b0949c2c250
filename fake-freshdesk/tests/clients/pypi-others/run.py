"""Runs five clients of PyPI, unchanged, over TLS against the real binary.

singer's tap runs as its own process.
"""

import asyncio
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from helpdesk import DOMAIN, KEY, child_environment, play


def pyfreshdesk(_):
    from freshdesk import Client

    client = Client("yourcompany", KEY)
    listed = client.tickets()
    yield "lists tickets", [ticket.id for ticket in listed] == [2, 1]
    yield "knows a status", listed[0].status.name == "OPEN"
    yield "lists with parameters", len(client.tickets(sort_by="updated_at", ascending=True, embed="stats", per_page=1)) == 1
    yield "reads the limits", client.limits[-1].calls_per_minute == 150
    yield "follows a Link", "rel=\"next\"" in client.pagination_link
    yield "views a ticket", client.ticket(1).description_text == "Hello?"
    thread = client.conversations(1)
    yield "reads the thread", [each.private for each in thread] == [False, True]
    updated = client.update_ticket(1, {"priority": 3, "custom_fields": {"cf_order": "1042"}})
    yield "updates", updated.priority == 3 and updated.custom_fields == {"cf_order": "1042"}
    yield "searches", client.filter_tickets("priority:4")["total"] == 0
    fields = client.ticket_fields()
    yield "reads the fields of administrators", "cf_order" in [field.name for field in fields]
    yield "lists agents", client.agents()[0].contact.email == "ada@example.com"
    yield "lists groups", [group.name for group in client.groups()] == ["Billing"]
    folders = client.canned_response_folders()
    yield "lists folders", folders[0].name == "General"
    import requests

    auth = (KEY, "dummy")
    new = {"title": "Thanks", "content_html": "<b>Thanks</b>", "folder_id": folders[0].id, "visibility": 0}
    made = requests.post(f"{client.base_url}/canned_responses", json=new, auth=auth).json()
    product = requests.post(f"{client.base_url}/products", json={"name": "Shoes"}, auth=auth)
    assert product.status_code == 201, product.text
    yield "views a canned response", client.canned_response(made["id"]).title == "Thanks"
    yield "lists a folder's responses", [each.title for each in client.canned_responses(folders[0].id)] == ["Thanks"]
    yield "lists products", [each.name for each in client.api.products.list_all()] == ["Shoes"]
    rules = client.automations()
    yield "lists rules", "Escalate" in [rule.name for rule in rules]
    yield "asks for scenarios", client.scenarios() == []


def freshdesk_api_client(_):
    from freshdesk_api_client.client import FreshdeskClient

    client = FreshdeskClient("yourcompany", KEY)
    made = client.tickets.create_item({"subject": "New", "description": "text", "email": "eve@example.com"})
    yield "creates", made.status_code == 201 and made.headers["Location"].endswith("/api/v2/tickets/3")
    ticket = made.json()
    yield "views", client.tickets.fetch_item(3).json()["subject"] == "New"
    yield "lists", len(client.tickets.fetch_list({"page": 1, "per_page": 2}).json()) == 2
    yield "updates", client.tickets.update_create_item({"status": 4}, 3).json()["status"] == 4
    # It sends the whole object back: what cannot be set is refused by name.
    told = client.tickets.update_create_item(ticket).json()["errors"]
    yield "is told what cannot be set", {"field": "id", "message": "Unexpected/invalid field in request", "code": "invalid_field"} in told
    yield "replies", client.tickets.reply(3).create_item({"body": "Soon"}).status_code == 201
    note = client.tickets.notes(3).create_item({"body": "hm"}).json()
    yield "lists the thread", len(client.tickets.conversations(3).fetch_list().json()) == 2
    changed = client.conversations.update_create_item({"body": "aha"}, note["id"])
    yield "rewrites a note", changed.json()["body_text"] == "aha"
    yield "removes a note", client.conversations.delete_item(note["id"]).status_code == 204
    contact = client.contacts.create_item({"name": "Zoe", "email": "zoe@example.com"})
    yield "creates a contact", contact.status_code == 201
    yield "meets a 409", client.contacts.create_item({"name": "Z", "email": "zoe@example.com"}).status_code == 409
    company = client.companies.create_item({"name": "Acme"}).json()
    yield "updates a company", client.companies.update_create_item({"note": "big"}, company["id"]).json()["note"] == "big"
    group = client.groups.create_item({"name": "Sales"}).json()
    yield "removes a group", client.groups.delete_item(group["id"]).status_code == 204
    yield "lists roles", len(client.roles.fetch_list().json()) == 5
    yield "lists agents", len(client.agents.fetch_list().json()) == 1
    yield "deletes", client.tickets.delete_item(3).status_code == 204
    yield "meets a 405", client.tickets.update_create_item({"status": 2}, 3).status_code == 405
    yield "meets a 404", client.tickets.fetch_item(4711).status_code == 404
    for _ in range(200):
        limited = client.roles.fetch_list()
        if limited.status_code == 429:
            break
    yield "meets a 429", 0 < int(limited.headers["Retry-After"]) <= 60 and limited.text == ""


def nn_freshdesk_client(_):
    from freshdeskclient.api import API

    api = API("yourcompany", KEY)
    yield "lists all tickets, page by page", [each["id"] for each in api.tickets.list_all(per_page=1)] == [2, 1]
    yield "lists deleted ones", api.tickets.list_all_deleted() == []
    yield "lists spam", api.tickets.list_all_spam() == []
    between = api.tickets.list_all_between_dates("2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z")
    yield "lists between dates", [each["id"] for each in between] == [2, 1] or len(between) == 2
    yield "lists admin groups", [each["name"] for each in api.groups.list_all()] == ["Billing"]
    yield "lists agents", len(api.agents.list_all()) == 1
    yield "lists a thread", len(api.conversations.list_all("1")) == 2
    yield "lists contacts since", len(api.contacts.list_all(updated_since="2020-01-01T00:00:00Z")) == 2
    yield "lists ratings", api.satisfaction_ratings.list_all(created_since="2020-01-01T00:00:00Z") == []
    yield "lists surveys", len(api.surveys.list_all()) == 1
    yield "lists products", api.products.list_all() == []
    try:
        API("yourcompany", "no-such-key").tickets.list_all()
        yield "meets a 401", False
    except Exception as error:
        yield "meets a 401", "You have to be logged in" in str(error)


def freshdesk_mcp(_):
    # Its HTTP library keeps only the address of an override, not the port.
    os.environ.update(FRESHDESK_API_KEY=KEY, FRESHDESK_DOMAIN=f"{DOMAIN}:{os.environ['FAKE_PORT']}")
    from freshdesk_mcp import server

    def run(name, **arguments):
        # The tool itself: the module has prompts of the same names.
        tool = server.mcp._tool_manager.get_tool(name)
        return asyncio.run(tool.fn(**arguments))

    made = run("create_ticket", subject="s", description="d", source=2, priority=1, status=2, email="eve@example.com")
    yield "creates", made == "Ticket created successfully"
    page = run("get_tickets", page=1, per_page=1)
    yield "reads the next page of a Link", page["pagination"]["next_page"] == 2 and page["tickets"][0]["id"] == 3
    told = run("create_ticket", subject="s", description="d", source=2, priority=1, status=2, email="e@example.com",
               custom_fields={"cf_nosuch": 1})
    yield "shows a validation error", told.startswith("Validation Error") and "cf_nosuch" in told
    yield "updates", run("update_ticket", ticket_id=3, ticket_fields={"priority": 2, "custom_fields": {"cf_order": "7"}})["success"]
    yield "views", run("get_ticket", ticket_id=3)["custom_fields"]["cf_order"] == "7"
    yield "searches", run("search_tickets", query='"priority:2"').get("total") is not None
    yield "replies", run("create_ticket_reply", ticket_id=3, body="Soon")["body_text"] == "Soon"
    note = run("create_ticket_note", ticket_id=3, body="hm")
    yield "rewrites a note", run("update_ticket_conversation", conversation_id=note["id"], body="aha")["body_text"] == "aha"
    yield "reads the thread", len(run("get_ticket_conversation", ticket_id=3)) == 2
    yield "reads fields", any(field["name"] == "cf_order" for field in run("get_ticket_fields"))
    agents = run("get_agents")
    yield "lists agents", agents[0]["contact"]["name"] == "Ada Admin"
    yield "finds agents", run("search_agents", query="ada")[0]["id"] == agents[0]["id"]
    contacts = run("list_contacts")
    yield "lists contacts", len(contacts) == 3
    yield "finds contacts", run("search_contacts", query="Ann")[0]["name"] == "Ann Lee"
    yield "updates a contact", run("update_contact", contact_id=contacts[0]["id"], contact_fields={"job_title": "Boss"})["job_title"] == "Boss"
    group = run("create_group", group_fields={"name": "Sales"})
    yield "creates a group", group["name"] == "Sales" and group["unassigned_for"] == "30m"
    yield "updates a group", run("update_group", group_id=group["id"], group_fields={"name": "Sales", "description": "all"})["description"] == "all"
    new = {"label": "Tier", "label_for_customers": "Tier", "type": "custom_dropdown", "choices": [{"value": "Gold", "position": 1}]}
    field = run("create_ticket_field", ticket_field_fields=new)
    yield "creates a ticket field", field["name"] == "cf_tier" and field["choices"][0]["value"] == "Gold"
    yield "views a ticket field", run("view_ticket_field", ticket_field_id=field["id"])["label"] == "Tier"
    field = run("create_contact_field", contact_field_fields={"label": "Shoe size", "label_for_customers": "Size", "type": "custom_number"})
    yield "creates a contact field", field.get("name") == "shoe_size"
    yield "lists contact fields", "shoe_size" in [each["name"] for each in run("list_contact_fields")]
    yield "lists company fields", run("list_company_fields")[0]["name"] == "name"
    folder = run("list_canned_response_folders")[0]
    new = {"title": "Thanks", "content_html": "<b>x</b>", "folder_id": folder["id"], "visibility": 0}
    response = run("create_canned_response", canned_response_fields=new)
    yield "creates a canned response", response.get("title") == "Thanks"
    yield "lists canned responses", len(run("list_canned_responses", folder_id=folder["id"])) == 1
    yield "writes a summary", run("update_ticket_summary", ticket_id=3, body="short").get("body_text") == "short"
    yield "removes a summary", run("delete_ticket_summary", ticket_id=3) == {"success": True, "message": "Ticket summary deleted successfully"}
    yield "lists companies", run("list_companies")["companies"] == []
    try:
        run("delete_ticket", ticket_id=3)
    except json.JSONDecodeError:
        pass  # It parses the empty body of every 204.
    yield "deletes", run("get_ticket", ticket_id=3)["deleted"] is True


def tap_freshdesk(folder):
    """Discovers, selects every stream, and reads them all into singer's messages."""
    tap = str(pathlib.Path(sys.executable).parent / "tap-freshdesk")
    environment = child_environment(folder)
    config = pathlib.Path(folder, "config.json")
    start = {"api_key": KEY, "domain": "yourcompany", "start_date": "2020-01-01T00:00:00Z", "user_agent": "ci"}
    config.write_text(json.dumps(start))

    def run(*arguments):
        told = subprocess.run(
            [tap, "--config", str(config), *arguments], env=environment, capture_output=True, text=True, timeout=120
        )
        assert told.returncode == 0, told.stderr[-3000:]
        return told.stdout

    catalog = json.loads(run("--discover"))
    yield "discovers", len(catalog["streams"]) >= 8
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            entry["metadata"]["selected"] = True
    path = pathlib.Path(folder, "catalog.json")
    path.write_text(json.dumps(catalog))
    messages = [json.loads(line) for line in run("--catalog", str(path)).splitlines()]
    read = {}
    for message in messages:
        if message["type"] == "RECORD":
            read[message["stream"]] = read.get(message["stream"], 0) + 1
    yield f"reads {read}", read["tickets"] == 2 and read["conversations"] == 2
    yield "reads people", read["contacts"] == 2 and read["agents"] == 1 and read["groups"] == 1 and read["roles"] == 5
    yield "keeps a bookmark", messages[-1]["type"] == "STATE" and "tickets" in messages[-1]["value"]["bookmarks"]


play(
    [
        ("pyfreshdesk 0.1.13", pyfreshdesk),
        ("freshdesk-api-client 0.0.4", freshdesk_api_client),
        ("nn-freshdesk-client 0.0.4", nn_freshdesk_client),
        ("freshdesk-mcp 1.2.0", freshdesk_mcp),
        ("tap-freshdesk 1.0.1", tap_freshdesk),
    ]
)
