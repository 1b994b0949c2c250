"""Runs freshdesk-mcp-iplweb, unchanged, over TLS against the real binary.

It is a venv of its own, since it is a fork: its module has the name of freshdesk-mcp's.
"""

import asyncio
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from helpdesk import DOMAIN, KEY, play


def freshdesk_mcp_iplweb(folder):
    # Its HTTP library keeps only the address of an override, not the port.
    os.environ.update(FRESHDESK_API_KEY=KEY, FRESHDESK_DOMAIN=f"{DOMAIN}:{os.environ['FAKE_PORT']}")
    from freshdesk_mcp import server

    def run(name, *arguments, **named):
        return asyncio.run(getattr(server, name)(*arguments, **named))

    category = run("create_solution_category", {"name": "Help"})
    folder_of = run("create_solution_category_folder", category["id"], {"name": "Orders", "visibility": 1})
    article = {"title": "Where is it?", "description": "<b>Soon</b>", "type": 1, "status": 1, "seo_data": {"meta_title": "t"}}
    article = run("create_solution_article", folder_of["id"], article)
    yield "writes an article", article["description_text"] == "Soon" and article["category_id"] == category["id"]
    yield "publishes it", run("update_solution_article", article["id"], {"status": 2})["status"] == 2
    yield "lists a folder", [each["id"] for each in run("list_solution_articles", folder_of["id"])] == [article["id"]]
    yield "lists folders", run("list_solution_folders", category["id"])[0]["articles_count"] == 1
    yield "renames a category", run("update_solution_category", category["id"], {"name": "FAQ"})["name"] == "FAQ"
    yield "removes it all", all(
        run(tool, one["id"])["success"]
        for tool, one in [
            ("delete_solution_article", article),
            ("delete_solution_folder", folder_of),
            ("delete_solution_category", category),
        ]
    )
    yield "and it is gone", run("list_solution_categories") == []
    agent = run("create_agent", {"email": "new@example.com", "ticket_scope": 1, "name": "New"})
    yield "restricts an agent", run("update_agent", agent["id"], {"ticket_scope": 3})["ticket_scope"] == 3
    yield "removes an agent", run("delete_agent", agent["id"])["success"]
    company = run("create_company", {"name": "Acme Inc"})
    yield "finds a company", run("find_company_by_name", "Acme Inc")["companies"][0]["id"] == company["id"]
    contact = run("create_contact", {"name": "Zoe", "email": "zoe@example.com"})
    yield "removes a contact", run("delete_contact", contact["id"])["success"]
    field = {"label": "Tier", "label_for_customers": "Tier", "type": "custom_dropdown", "choices": [{"value": "Gold", "position": 1}]}
    field = run("create_ticket_field", field)
    yield "removes a ticket field", run("delete_ticket_field", field["id"])["success"]
    whole = run("get_ticket_full", 3)
    yield "reads all of a ticket", whole["status_label"] == "Open" and whole["requester"]["email"] == "eve@example.com"
    yield "reads a whole thread", len(run("get_ticket_full", 1)["conversations"]) == 2
    saved = run("download_ticket_attachments", 3, dest_dir=folder)
    yield "downloads a file behind its signed URL", [each["size"] for each in saved["saved"]] == [5] and not saved["errors"]
    images = run("extract_inline_images", 3, dest_dir=folder)
    # It refuses to fetch from loopback, where the name leads here: that it found the image is what can be seen.
    yield "finds an inline image", "/inline/attachment?token=" in (images["saved"] + images["errors"])[0]["ref"]
    yield "decodes a status", run("decode_ticket_status", 6)["label"] == "Waiting on Customer"


BROKEN = """
      - { from: { email: eve@example.com }, subject: Broken, text: "See [cid:shot.png]", attachments: [
          { name: log.txt, bytes_base64: aGVsbG8= }, { name: shot.png, bytes_base64: iVBORw==, inline: true } ] }
"""

play([("freshdesk-mcp-iplweb 1.3.0", freshdesk_mcp_iplweb, "growth", BROKEN)])
