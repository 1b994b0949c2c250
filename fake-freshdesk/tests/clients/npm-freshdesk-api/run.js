// Runs the npm package freshdesk-api 3.1.0, unchanged, against the real binary.
//
//   npm ci && node run.js [path of fake-freshdesk]
//
// The binary is taken from the argument, from FAKE_FRESHDESK_BIN, or from
// cargo's target directory.
"use strict";

const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const path = require("node:path");
const readline = require("node:readline");
const { Readable } = require("node:stream");
const Freshdesk = require("freshdesk-api");

const root = path.resolve(__dirname, "../../../..");
const target = process.env.CARGO_TARGET_DIR || path.join(root, "target");
const binary = process.argv[2] || process.env.FAKE_FRESHDESK_BIN || path.join(target, "debug", "fake-freshdesk");

function start(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, ["--listen", "127.0.0.1:0", "--control-listen", "127.0.0.1:0", ...args]);
    const seen = {};
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`${binary} ended with ${code}`)));
    child.stderr.pipe(process.stderr);
    readline.createInterface({ input: child.stdout }).on("line", (line) => {
      const words = line.split(" ");
      if (words[0] === "listening") seen[words[1]] = words[2];
      if (words[0] === "account") {
        seen.key = words[3];
        resolve({ child, ...seen });
      }
    });
  });
}

/** Calls a method of the client and waits for its callback. */
function call(client, method, ...args) {
  return new Promise((resolve, reject) =>
    client[method](...args, (error, body, extra) => (error ? reject(error) : resolve({ body, extra })))
  );
}

/** The error that a call ends with. */
async function refused(client, method, ...args) {
  try {
    await call(client, method, ...args);
  } catch (error) {
    return error;
  }
  throw new Error(`${method} should have failed`);
}

const steps = [];
const step = (name, run) => steps.push([name, run]);
const state = {};

step("creates a contact", async ({ client }) => {
  const { body, extra } = await call(client, "createContact", { name: "Ann Lee", email: "ann@example.com" });
  assert.ok(Number.isSafeInteger(body.id) && body.id > 2 ** 32);
  assert.equal(body.email, "ann@example.com");
  assert.match(extra.requestId, /^[0-9a-f-]{36}$/);
  state.contact = body;
});

step("creates a ticket", async ({ client }) => {
  const { body } = await call(client, "createTicket", {
    requester_id: state.contact.id,
    subject: "Where is order 1042?",
    description: "It was due on <b>Monday</b>.",
    status: 2,
    priority: 1,
    tags: ["orders"],
  });
  assert.equal(body.id, 1);
  assert.equal(body.source, 2);
  assert.equal(body.requester_id, state.contact.id);
  assert.equal(body.description_text, "It was due on Monday.");
  state.ticket = body;
});

step("creates a ticket with a file", async ({ client }) => {
  const file = Buffer.from("%PDF-1.4 a small file");
  // form-data takes name and type from the stream, as for a file on disk.
  const stream = Object.assign(Readable.from([file]), { path: "/tmp/invoice ü.pdf" });
  const { body } = await call(client, "createTicket", {
    email: "ben@example.com",
    subject: "With a file",
    description: "see there",
    status: "2",
    priority: "1",
    tags: ["a", "b"],
    attachments: [stream],
  });
  assert.deepEqual(body.tags, ["a", "b"]);
  assert.equal(body.attachments.length, 1);
  assert.equal(body.attachments[0].size, file.length);
  const fetched = await fetch(body.attachments[0].attachment_url);
  assert.equal(fetched.status, 200);
  assert.deepEqual(Buffer.from(await fetched.arrayBuffer()), file);
});

step("replies", async ({ client }) => {
  const { body } = await call(client, "createReply", state.ticket.id, { body: "It is on its way." });
  assert.equal(body.ticket_id, state.ticket.id);
  assert.equal(body.body_text, "It is on its way.");
});

step("adds a private note", async ({ client }) => {
  const { body } = await call(client, "createNote", state.ticket.id, { body: "asked the carrier" });
  assert.equal(body.private, true);
});

step("updates", async ({ client }) => {
  const { body } = await call(client, "updateTicket", state.ticket.id, { status: 3, priority: 4, tags: ["late"] });
  assert.equal(body.status, 3);
  assert.equal(body.priority, 4);
  assert.deepEqual(body.tags, ["late"]);
});

step("lists, page by page", async ({ client }) => {
  const first = await call(client, "listAllTickets", { page: 1, per_page: 1 });
  assert.equal(first.body.length, 1);
  assert.equal(first.extra.pageIsLast, false);
  const last = await call(client, "listAllTickets", { page: 2, per_page: 1 });
  assert.equal(last.body[0].id, state.ticket.id);
  assert.equal(last.extra.pageIsLast, true);
});

step("reads it back", async ({ client }) => {
  const { body } = await call(client, "getTicket", state.ticket.id);
  assert.equal(body.subject, "Where is order 1042?");
  assert.equal(body.status, 3);
  const thread = await call(client, "listAllConversations", state.ticket.id);
  assert.deepEqual(thread.body.map((each) => each.private), [false, true]);
});

step("meets a 401", async ({ api }) => {
  const error = await refused(new Freshdesk(api, "no-such-key"), "getTicket", 1);
  assert.equal(error.status, 401);
  assert.equal(error.data.code, "invalid_credentials");
});

step("meets a 404", async ({ client }) => {
  const error = await refused(client, "getTicket", 4711);
  assert.equal(error.status, 404);
  assert.equal(error.message, "The requested entity was not found");
});

step("meets a validation error", async ({ client }) => {
  const error = await refused(client, "createTicket", { email: "ann@example.com", status: 99, colour: "red" });
  assert.equal(error.status, 400);
  assert.equal(error.message, "Validation failed");
  assert.deepEqual(error.data.errors.map((each) => [each.field, each.code]), [
    ["colour", "invalid_field"],
    ["status", "invalid_value"],
  ]);
});

step("meets a 409", async ({ client }) => {
  const error = await refused(client, "createContact", { name: "Ann again", email: "ANN@example.com" });
  assert.equal(error.status, 409);
  assert.equal(error.data.errors[0].code, "duplicate_value");
});

step("deletes, and meets a 405 after it", async ({ client }) => {
  await call(client, "deleteTicket", 2);
  const error = await refused(client, "updateTicket", 2, { status: 3 });
  assert.equal(error.status, 405);
});

step("meets a 429", async ({ client }) => {
  for (let calls = 0; calls < 110; calls += 1) {
    try {
      await call(client, "getTicket", state.ticket.id);
    } catch (error) {
      assert.equal(error.status, 429);
      assert.ok(error.retryAfter >= 1 && error.retryAfter <= 60, `retry after ${error.retryAfter}`);
      return;
    }
  }
  throw new Error("110 calls on a trial account and no 429");
});

async function main() {
  // Trial: 50 calls a minute, so that a 429 is near; its own minute begins with the first call.
  const { child, api, key } = await start(["--account", "yourcompany.freshdesk.com:trial"]);
  // The client throws out of callbacks; whatever ends us ends the server too.
  process.on("exit", () => child.kill());
  const client = new Freshdesk(api, key);
  try {
    for (const [name, run] of steps) {
      await run({ client, api });
      console.log(`ok   freshdesk-api 3.1.0 ${name}`);
    }
  } finally {
    child.removeAllListeners("exit");
    child.kill();
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
