"""Runs Airbyte's source-freshdesk 3.1.3, unchanged, over TLS against the real binary.

All its streams but two: `tickets` has a class of its own for paging, which the
CDK that runs here calls with one argument more, and `conversations` needs it.
"""

import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from helpdesk import DOMAIN, KEY, child_environment, play

# The source looks at certifi's bundle only: the CA is put in its place.
TRUST = """
import certifi
certifi.where = lambda: os.environ["SSL_CERT_FILE"]
"""

TREE = [
    ("solutions/categories", {"name": "Help"}),
    ("solutions/categories/{}/folders", {"name": "Orders", "visibility": 1}),
    ("solutions/folders/{}/articles", {"title": "Where is it?", "description": "Soon", "status": 2}),
    ("discussions/categories", {"name": "Talk"}),
    ("discussions/categories/{}/forums", {"name": "Ideas", "forum_type": 2, "forum_visibility": 1}),
    ("discussions/forums/{}/topics", {"title": "Dark mode", "message": "Please"}),
    ("discussions/topics/{}/comments", {"body": "Yes"}),
]


def furnish():
    """An article, a comment, a skill, and contacts for more than a page."""
    import os
    import requests

    session = requests.Session()
    session.auth, session.verify = (KEY, "X"), os.environ["SSL_CERT_FILE"]

    def post(path, body):
        answer = session.post(f"https://{DOMAIN}/api/v2/{path}", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    holder = None
    for path, body in TREE:
        holder = post(path.format(holder), body)
    post("admin/skills", {"name": "French"})
    for number in range(101):
        post("contacts", {"name": f"Contact {number}", "email": f"contact{number}@example.com"})


def airbyte(folder):
    furnish()
    environment = child_environment(folder, TRUST)
    config = pathlib.Path(folder, "config.json")
    config.write_text(json.dumps({"api_key": KEY, "domain": DOMAIN, "start_date": "2020-01-01T00:00:00Z"}))

    def run(command, *arguments):
        source = str(pathlib.Path(sys.executable).parent / "source-freshdesk")
        told = subprocess.run(
            [source, command, "--config", str(config), *arguments],
            env=environment, capture_output=True, text=True, timeout=240,
        )
        assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-3000:]
        return [json.loads(line) for line in told.stdout.splitlines()]

    status = [each["connectionStatus"] for each in run("check") if each["type"] == "CONNECTION_STATUS"]
    yield "connects", status[0]["status"] == "SUCCEEDED"
    catalog = [each["catalog"] for each in run("discover") if each["type"] == "CATALOG"][0]
    streams = [each for each in catalog["streams"] if each["name"] not in ("tickets", "conversations")]
    yield "discovers", len(streams) == 26
    chosen = [{"stream": each, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"} for each in streams]
    path = pathlib.Path(folder, "catalog.json")
    path.write_text(json.dumps({"streams": chosen}))
    messages = run("read", "--catalog", str(path))
    read = {}
    for message in messages:
        if message["type"] == "RECORD":
            stream = message["record"]["stream"]
            read[stream] = read.get(stream, 0) + 1
    yield f"reads {read}", read["agents"] == 1 and read["roles"] == 5 and read["groups"] == 1
    # The quota of a minute is less than all of this: it waits as `Retry-After` says.
    yield "follows Link", read["contacts"] == 103
    yield "reads solutions", all(read[f"solution_{each}"] == 1 for each in ("categories", "folders", "articles"))
    yield "reads discussions", all(
        read[f"discussion_{each}"] == 1 for each in ("categories", "forums", "topics", "comments")
    )
    yield "reads skills", read["skills"] == 1
    yield "reads what is only kept", all(
        read[each] >= 1
        for each in ("business_hours", "email_configs", "email_mailboxes", "sla_policies", "surveys", "settings",
                     "canned_response_folders", "ticket_fields")
    )


play([("airbyte-source-freshdesk 3.1.3", airbyte, "enterprise")])
