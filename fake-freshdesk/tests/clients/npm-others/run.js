// Runs four npm packages, unchanged, against the real binary:
// @activepieces/piece-freshdesk (plain http, the raw header), n8n's Freshdesk
// node (https, base64 without the word Basic), @freshworks/freshdesk (https), and
// node-freshdesk-api (plain http, the old `request` library).
//
//   ./run [path of fake-freshdesk]
"use strict";

const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const dns = require("node:dns");
const fs = require("node:fs");
const https = require("node:https");
const os = require("node:os");
const path = require("node:path");
const readline = require("node:readline");

const root = path.resolve(__dirname, "../../../..");
const target = process.env.CARGO_TARGET_DIR || path.join(root, "target");
const binary = process.argv[2] || process.env.FAKE_FRESHDESK_BIN || path.join(target, "debug", "fake-freshdesk");
const KEY = "ADASKEY12345";

const WORLD = `
accounts:
  - domain: yourcompany.freshdesk.com
    plan: growth
    admin: { name: Ada Admin, email: ada@example.com, api_key: ${KEY} }
    groups: [{ name: Billing }]
    tickets:
      - { from: { name: Ann Lee, email: ann@example.com }, subject: Where is order 1042?, text: Hello? }
      - { from: { email: ben@example.com }, subject: Refund, text: Please }
    settings: { search_lag_seconds: 0 }
`;

function start(folder) {
  const world = path.join(folder, "world.yaml");
  fs.writeFileSync(world, WORLD);
  return new Promise((resolve, reject) => {
    const child = spawn(binary, [
      "--listen", "127.0.0.1:0", "--control-listen", "127.0.0.1:0", "--seed-file", world,
      "--tls", "--tls-listen", "127.0.0.1:0", "--tls-ca", path.join(folder, "ca.pem"),
    ]);
    const seen = {};
    child.on("error", reject);
    child.stderr.pipe(process.stderr);
    readline.createInterface({ input: child.stdout }).on("line", (line) => {
      const words = line.split(" ");
      if (words[0] === "listening") seen[words[1]] = words[2];
      if (line === "") resolve({ child, ...seen });
    });
    child.on("exit", (code) => reject(new Error(`${binary} ended with ${code}`)));
  });
}

const steps = [];
const step = (client, name, run) => steps.push([client, name, run]);

// Activepieces: what its engine hands to an action.
const piece = () => require("@activepieces/piece-freshdesk").freshdesk;
const act = ({ api }, name, propsValue) =>
  piece().getAction(name).run({ auth: { base_url: `${api}/`, access_token: basic("Basic ") }, propsValue });
const basic = (word) => word + Buffer.from(`${KEY}:X`).toString("base64");
const AP = "@activepieces/piece-freshdesk 0.1.0";

step(AP, "gets tickets", async (fake) => {
  assert.deepEqual((await act(fake, "get_tickets", {})).map((ticket) => ticket.id), [2, 1]);
});
step(AP, "gets a status", async (fake) => {
  assert.deepEqual(await act(fake, "get_ticket_status", { ticketid: "1" }), [
    { ticket_status: "OPEN", assigned_status: "NOTASSIGNED", assigned_id: null },
  ]);
});
step(AP, "gets contacts", async (fake) => {
  const props = { filter_type: "email", filter_value: "ann@example.com", per_page: 10 };
  const found = await act(fake, "get_contacts", props);
  assert.deepEqual(found.map((contact) => contact.name), ["Ann Lee"]);
  assert.equal((await act(fake, "get_contact_from_id", { contactid: String(found[0].id) })).name, "Ann Lee");
});
step(AP, "searches by status", async (fake) => {
  const found = await act(fake, "get_all_tickets_by_status", { status_filter: ["status:2", "status:3"] });
  assert.deepEqual(found.map((ticket) => ticket.status), ["Open", "Open"]);
});
step(AP, "calls by hand", async (fake) => {
  const call = {
    url: { url: `${fake.api}/api/v2/tickets/1/notes` }, method: "POST", headers: {}, queryParams: {},
    body: { body: "by hand" }, failsafe: false,
  };
  const answer = await act(fake, "custom_api_call", call);
  assert.equal(answer.body.body_text, "by hand");
});

// n8n: what its engine gives a node; `request` is the engine's.
const N8N = "n8n-nodes-base 2.41.2";
function n8n(fake, parameters) {
  const { Freshdesk } = require("./node_modules/n8n-nodes-base-2.41.2/dist/nodes/Freshdesk/Freshdesk.node.js");
  const context = {
    getInputData: () => [{ json: {} }],
    getNodeParameter: (name, _, fallback) => (name in parameters ? parameters[name] : fallback),
    getCredentials: async () => ({ apiKey: KEY, domain: "yourcompany" }),
    getNode: () => ({ name: "Freshdesk", type: "freshdesk", typeVersion: 1 }),
    continueOnFail: () => false,
    helpers: {
      request: (options) => request(fake, options),
      returnJsonArray: (data) => [data].flat().map((json) => ({ json })),
      constructExecutionMetaData: (data) => data,
    },
  };
  return new Freshdesk().execute.call(context).then(([items]) => items.map((item) => item.json));
}

/** The `request` of n8n's engine: JSON in and out, the query laid over the URL's. */
function request({ tls }, { uri, method, headers, body, qs, resolveWithFullResponse }) {
  const url = new URL(uri);
  for (const [name, value] of Object.entries(qs || {})) url.searchParams.append(name, value);
  url.port = new URL(tls).port;
  return new Promise((resolve, reject) => {
    const call = https.request(url, { method, headers }, (answer) => {
      let text = "";
      answer.on("data", (chunk) => (text += chunk));
      answer.on("end", () => {
        const read = text === "" ? undefined : JSON.parse(text);
        if (answer.statusCode >= 300) {
          reject(Object.assign(new Error(`${answer.statusCode} - ${text}`), { statusCode: answer.statusCode, error: read }));
        } else {
          resolve(resolveWithFullResponse ? { headers: answer.headers, body: read } : read);
        }
      });
    });
    call.on("error", reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

step(N8N, "creates a ticket", async (fake) => {
  const [made] = await n8n(fake, {
    resource: "ticket", operation: "create", requester: "email", requesterIdentificationValue: "eve@example.com",
    status: "pending", priority: "high", source: "chat", options: { subject: "From n8n", description: "x", tags: "a,b" },
  });
  assert.deepEqual([made.id, made.status, made.priority, made.source, made.tags], [3, 3, 3, 7, ["a", "b"]]);
});
step(N8N, "updates a ticket", async (fake) => {
  const [changed] = await n8n(fake, { resource: "ticket", operation: "update", ticketId: 3, updateFields: { priority: "urgent" } });
  assert.equal(changed.priority, 4);
});
step(N8N, "gets all tickets with includes", async (fake) => {
  const options = { include: ["requester", "stats"], orderBy: "created_at", order: "asc" };
  const all = await n8n(fake, { resource: "ticket", operation: "getAll", returnAll: true, options });
  assert.deepEqual(all.map((ticket) => ticket.id), [1, 2, 3]);
  assert.equal(all[2].requester.email, "eve@example.com");
  const some = await n8n(fake, { resource: "ticket", operation: "getAll", returnAll: false, limit: 2, options: {} });
  assert.equal(some.length, 2);
});
step(N8N, "creates, finds and removes a contact", async (fake) => {
  const make = { resource: "contact", operation: "create", name: "Zoe", email: "zoe@example.com", additionalFields: { job_title: "Boss" } };
  const [made] = await n8n(fake, make);
  assert.equal(made.job_title, "Boss");
  const found = await n8n(fake, { resource: "contact", operation: "getAll", filters: { email: "zoe@example.com" } });
  assert.deepEqual(found.map((contact) => contact.id), [made.id]);
  await n8n(fake, { resource: "contact", operation: "delete", contactId: made.id });
  assert.deepEqual(await n8n(fake, { resource: "contact", operation: "getAll", filters: { email: "zoe@example.com" } }), []);
});
step(N8N, "shows an error", async (fake) => {
  await assert.rejects(n8n(fake, { resource: "ticket", operation: "get", ticketId: 4711 }), /404|not be found/i);
});
step(N8N, "deletes a ticket", async (fake) => {
  assert.deepEqual(await n8n(fake, { resource: "ticket", operation: "delete", ticketId: 3 }), [{ success: true }]);
});

// Freshworks' own SDK.
const SDK = "@freshworks/freshdesk 0.0.1";
function sdk({ tls }) {
  const Freshdesk = require("@freshworks/freshdesk");
  return new Freshdesk({ domain: `yourcompany.freshdesk.com:${new URL(tls).port}`, api_key: KEY });
}
const state = {};
step(SDK, "creates and reads a ticket", async (fake) => {
  const { tickets } = sdk(fake);
  const made = await tickets.createTicket({ email: "flo@example.com", subject: "SDK", description: "x", status: 2, priority: 1 });
  assert.equal(made.status, 201);
  state.id = made.data.id;
  const { data } = await tickets.getTicket(state.id, { include: "conversations" });
  assert.deepEqual([data.subject, data.status], ["SDK", 2]);
});
step(SDK, "updates, replies and notes", async (fake) => {
  const { tickets } = sdk(fake);
  assert.equal((await tickets.updateTicket(state.id, { priority: 4 })).data.priority, 4);
  assert.equal((await tickets.replyTicket(state.id, { body: "Soon" })).status, 201);
  assert.equal((await tickets.addNotes(state.id, { body: "hm" })).status, 201);
});
step(SDK, "lists and searches", async (fake) => {
  const { tickets } = sdk(fake);
  assert.equal((await tickets.listTickets({ include: "stats" })).data.length, 3);
  assert.equal((await tickets.searchTicket('"priority:4"')).data.total, 1);
});
step(SDK, "reads contacts and their fields", async (fake) => {
  const { contacts } = sdk(fake);
  // Its own `createContact` cancels an import, so a contact of the world is read.
  const [ann] = (await contacts.getAllContacts({ email: "ann@example.com" })).data;
  assert.equal((await contacts.getContact(ann.id)).data.name, "Ann Lee");
  assert.equal((await contacts.updateContact(ann.id, { job_title: "Boss" })).data.job_title, "Boss");
  assert.ok((await contacts.getContactFields()).data.length > 5);
});
step(SDK, "shows an error", async (fake) => {
  const refused = sdk(fake).tickets.createTicket({ email: "flo@example.com", colour: "red" });
  await assert.rejects(refused, (error) => error.status === 400 && error.data.errors[0].field === "colour");
});
step(SDK, "deletes and restores", async (fake) => {
  const { tickets } = sdk(fake);
  assert.equal((await tickets.deleteTicket(state.id)).status, 204);
  assert.equal((await tickets.restoreTicket(state.id)).status, 204);
  assert.equal((await tickets.getTicket(state.id, {})).data.subject, "SDK");
});

// The first one there was; others grew out of it.
const OLD = "node-freshdesk-api 0.1.8";
function old({ api }, name, ...given) {
  const Freshdesk = require("node-freshdesk-api");
  const client = new Freshdesk(api, KEY);
  return new Promise((resolve, reject) => client[name](...given, (error, data) => (error ? reject(error) : resolve(data))));
}
step(OLD, "creates, reads and updates a ticket", async (fake) => {
  const made = await old(fake, "createTicket", { name: "Gil", email: "gil@example.com", subject: "Old", description: "x", status: 2, priority: 1 });
  state.old = made.id;
  assert.equal((await old(fake, "getTicket", made.id)).subject, "Old");
  assert.equal((await old(fake, "updateTicket", made.id, { status: 3 })).status, 3);
});
step(OLD, "lists with a filter", async (fake) => {
  const found = await old(fake, "listAllTickets", { email: "gil@example.com" });
  assert.deepEqual(found.map((ticket) => ticket.id), [state.old]);
  assert.ok((await old(fake, "listAllTicketFields")).length > 5);
});
step(OLD, "replies, notes, rewrites and removes a note", async (fake) => {
  assert.equal((await old(fake, "createReply", state.old, { body: "Soon" })).body_text, "Soon");
  const note = await old(fake, "createNote", state.old, { body: "hm" });
  assert.equal((await old(fake, "updateConversation", note.id, { body: "aha" })).body_text, "aha");
  assert.equal(await old(fake, "deleteConversation", note.id), null);
  assert.deepEqual(await old(fake, "listAllTimeEntries", state.old), []);
});
step(OLD, "keeps contacts and companies", async (fake) => {
  const company = await old(fake, "createCompany", { name: "Old Inc", domains: ["old.example"] });
  assert.equal((await old(fake, "updateCompany", company.id, { note: "big" })).note, "big");
  const contact = await old(fake, "createContact", { name: "Hal", email: "hal@old.example" });
  assert.equal(contact.company_id, company.id);
  assert.equal((await old(fake, "updateContact", contact.id, { job_title: "Boss" })).job_title, "Boss");
  await assert.rejects(old(fake, "createContact", { name: "H", email: "hal@old.example" }), (error) => error.data.errors[0].code === "duplicate_value");
  assert.equal((await old(fake, "makeAgent", contact.id)).agent.contact.email, "hal@old.example");
  assert.equal(await old(fake, "deleteCompany", company.id), null);
});
step(OLD, "deletes and restores", async (fake) => {
  assert.equal(await old(fake, "deleteTicket", state.old), null);
  assert.equal(await old(fake, "restoreTicket", state.old), null);
  // It reads every answer as JSON, and a 404 has no body.
  await assert.rejects(old(fake, "getTicket", 4711), /Not a JSON response/);
});

async function main() {
  const lookup = dns.lookup;
  dns.lookup = (host, options, callback) =>
    host.endsWith(".freshdesk.com") ? lookup("127.0.0.1", options, callback) : lookup(host, options, callback);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "npm-others-"));
  const fake = await start(folder);
  https.globalAgent.options.ca = fs.readFileSync(path.join(folder, "ca.pem"));
  // Whatever ends us ends the server too.
  process.on("exit", () => {
    fake.child.kill();
    fs.rmSync(folder, { recursive: true, force: true });
  });
  for (const [client, name, run] of steps) {
    await run(fake).catch((error) => {
      throw Object.assign(error, { message: `${client} ${name}: ${error.message}` });
    });
    console.log(`ok   ${client} ${name}`);
  }
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
