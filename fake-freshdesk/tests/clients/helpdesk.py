"""A helpdesk of its own for each client of PyPI, over TLS, from the real binary.

The clients build `https://NAME.freshdesk.com` themselves, so the name and the
port are left as they are and only the address is overridden, as a hosts entry
and a forwarded port would do.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[3]
DOMAIN = "yourcompany.freshdesk.com"

# What overrides the address, also in a child: Python runs it at its start.
OVERRIDE = """
import os, socket
real = socket.getaddrinfo
def resolve(host, port, *rest, **more):
    host = host.decode() if isinstance(host, bytes) else host
    if str(host).endswith(".freshdesk.com"):
        return real("127.0.0.1", int(os.environ["FAKE_PORT"]), *rest, **more)
    return real(host, port, *rest, **more)
socket.getaddrinfo = resolve
"""


def binary():
    if len(sys.argv) > 1:
        return sys.argv[1]
    target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
    return os.environ.get("FAKE_FRESHDESK_BIN", str(pathlib.Path(target) / "debug" / "fake-freshdesk"))


WORLD = """
accounts:
  - domain: yourcompany.freshdesk.com
    plan: growth
    admin: { name: Ada Admin, email: ada@example.com, api_key: ADASKEY12345 }
    quota: { total: 150, ticket_create: 1000, ticket_update: 1000, tickets_list: 1000, contacts_list: 1000 }
    groups: [{ name: Billing }]
    ticket_fields: [{ label: Order, type: custom_text }]
    rules:
      updates:
        - name: Escalate
          performer: { type: 1 }
          events: [{ field_name: priority, from: "--", to: "--" }]
          actions: [{ field_name: status, value: 6 }]
    tickets:
      - { from: { name: Ann Lee, email: ann@example.com }, subject: Where is order 1042?, text: Hello?,
          thread: [{ reply: On its way, by: ada@example.com }, { note: happy }] }
      - { from: { email: ben@example.com }, subject: Refund, text: Please }
"""


class Fake:
    """A fresh helpdesk with its own CA, in which every client begins anew; `more` continues its tickets."""

    def __init__(self, folder, plan="growth", more=""):
        world, ca = os.path.join(folder, "world.yaml"), os.path.join(folder, "ca.pem")
        pathlib.Path(world).write_text(WORLD.replace("plan: growth", f"plan: {plan}") + more)
        self.process = subprocess.Popen(
            [
                binary(), "--listen", "127.0.0.1:0", "--control-listen", "127.0.0.1:0", "--tls",
                "--tls-listen", "127.0.0.1:0", "--tls-ca", ca, "--seed-file", world,
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        for line in self.process.stdout:
            words = line.split()
            if words[:2] == ["listening", "tls"]:
                os.environ["FAKE_PORT"] = words[2].rsplit(":", 1)[1]
            if not words:
                break
        for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
            os.environ[name] = ca

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


KEY = "ADASKEY12345"


def child_environment(folder, more=""):
    """What a client that is a process of its own runs with."""
    site = pathlib.Path(folder, "site")
    site.mkdir(exist_ok=True)
    (site / "sitecustomize.py").write_text(textwrap.dedent(OVERRIDE + more))
    return {**os.environ, "PYTHONPATH": str(site)}


def play(clients):
    """Plays each client against a fresh helpdesk; ends with the first step that is not fine."""
    exec(OVERRIDE, {})
    for name, steps, *options in clients:
        with tempfile.TemporaryDirectory() as folder, Fake(folder, *options):
            for step, fine in steps(folder):
                if not fine:
                    sys.exit(f"FAIL {name} {step}")
                print(f"ok   {name} {step}", flush=True)
