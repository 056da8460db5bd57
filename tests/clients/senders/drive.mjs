// Good and bad deliveries of every scheme, to a live server.
import assert from 'node:assert/strict';
import http from 'node:http';
import zlib from 'node:zlib';
import { senders } from './senders.mjs';

const base = process.argv[2].replace(/\/$/, '');
const token = { Authorization: `Bearer ${process.env.TIDEMILL_TOKEN}` };

async function call(method, path, body, type = 'application/json') {
  const answer = await fetch(base + path, { method, headers: { ...token, 'Content-Type': type }, body });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.json();
}

// node:http sends headers as they are given, twice if they are a list, and bodies in chunks if asked to.
function deliver(path, headers, body, { chunked = false } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(base + path, { method: 'POST', headers }, (response) => {
      let text = '';
      response.on('data', (part) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode, text, json: () => JSON.parse(text) }));
    });
    request.on('error', reject);
    if (!chunked) request.setHeader('Content-Length', Buffer.byteLength(body));
    request.end(body);
  });
}

async function install(sender) {
  const name = `sender_${sender.name}`;
  await call('PUT', `/api/secrets/${name}`, JSON.stringify({ value: sender.secret }));
  const file = `id: ${name}\ntriggers: [{id: hook, type: webhook, path: ${sender.name}, auth: ${sender.auth.replace('SECRET', name)}}]\nsteps: [{id: a, uses: transform, with: {}}]\n`;
  await call('PUT', `/api/workflows/${name}`, file, 'application/yaml');
  await call('POST', `/api/workflows/${name}/activate`, '{}');
}

const now = () => Math.floor(Date.now() / 1000);
let number = 0;

// A delivery with an id of its own, sent at `at`.
function fresh(sender, at = now()) {
  number += 1;
  const id = `${sender.name}-${number}`;
  const fields = { id, event_id: id, type: 7, webhookTimestamp: at * 1000, text: 'zażółć ✓' };
  return { id, at, body: sender.form ? new URLSearchParams({ To: '+1555', Body: 'hi & bye', MessageSid: id }).toString() : JSON.stringify(fields) };
}

async function cases(sender) {
  const path = `/hooks/main/${sender.name}`;
  const url = base + path;
  const sign = (made, more = {}) => sender.sign(made.body, { id: made.id, at: made.at, url, ...more });
  const send = async (made, headers, body = made.body, options) => deliver(path, await headers, body, options);
  const refused = async (what, answer) => {
    const got = await answer;
    assert.equal(got.status, 401, `${sender.name}: ${what}: ${got.status} ${got.text}`);
    assert.equal(JSON.parse(got.text).code, 'signature_invalid', `${sender.name}: ${what}`);
  };

  const good = fresh(sender);
  const first = await send(good, sign(good));
  assert.equal(first.status, 202, `${sender.name}: good: ${first.text}`);
  const again = await send(good, sign(good));
  assert.equal(again.status, 200, `${sender.name}: repeated: ${again.text}`);
  assert.equal(again.json().duplicate, true);
  assert.equal(again.json().execution_id, first.json().execution_id);
  const chunked = fresh(sender);
  assert.equal((await send(chunked, sign(chunked), chunked.body, { chunked: true })).status, 202, `${sender.name}: chunked`);

  const made = fresh(sender);
  const headers = await sign(made);
  if (!sender.unsigned) {
    await refused('a body and a space', send(made, headers, `${made.body} `));
    await refused('another body', send(made, headers, made.body.replace('1', '2')));
    await refused('no body', send(made, headers, ''));
    const zipped = zlib.gzipSync(made.body);
    await refused('the same, compressed', send(made, { ...headers, 'Content-Encoding': 'gzip' }, zipped));
  }
  await refused('a wrong secret', send(made, sign(made, { secret: sender.other })));
  const proofs = Object.keys(headers).filter((name) => /signature|hmac|gitlab-token|timestamp/i.test(name));
  assert.ok(proofs.length > 0);
  for (const name of proofs) {
    const without = { ...headers };
    delete without[name];
    await refused(`no ${name}`, send(made, without));
    await refused(`an empty ${name}`, send(made, { ...headers, [name]: '' }));
    await refused(`${name} twice`, send(made, { ...headers, [name]: [headers[name], headers[name]] }));
    await refused(`a broken ${name}`, send(made, { ...headers, [name]: 'v1,%%%' }));
    await refused(`a very long number in ${name}`, send(made, { ...headers, [name]: '9'.repeat(40) }));
  }
  if (sender.tolerance) {
    for (const away of [-sender.tolerance - 5, sender.tolerance + 5, -1e9]) {
      const stale = fresh(sender, now() + away);
      await refused(`${away} seconds away`, send(stale, sign(stale)));
    }
    for (const near of [-sender.tolerance + 20, sender.tolerance - 20]) {
      const fine = fresh(sender, now() + near);
      const answer = await send(fine, sign(fine));
      assert.equal(answer.status, 202, `${sender.name}: ${near} seconds away: ${answer.text}`);
    }
  }
  // Nothing of what was refused has used up the delivery's id.
  assert.equal((await send(made, headers)).status, 202, `${sender.name}: after all`);
}

for (const sender of senders) {
  await install(sender);
  await cases(sender);
  const executions = await call('GET', `/api/executions?workflow=sender_${sender.name}&limit=100`);
  const expected = 3 + (sender.tolerance ? 2 : 0);
  assert.equal(executions.items.length, expected, `${sender.name}: what was refused started nothing`);
  console.log(`${sender.name}: ${expected} taken, everything else refused`);
}

// Discord asks whether anybody is there, and only Discord is answered.
const discord = senders.find((sender) => sender.name === 'discord');
for (const [body, status, text] of [['{"type":1}', 200, '{"type":1}'], ['{"type":0}', 204, '']]) {
  const answer = await deliver('/hooks/main/discord', await discord.sign(body, { at: now() }), body);
  assert.deepEqual([answer.status, answer.text], [status, text]);
  const forged = await deliver('/hooks/main/discord', await discord.sign(body, { at: now(), secret: 'x' }), body);
  assert.equal(forged.status, 401);
}
console.log('every sender is believed when it does as its own library does, and not otherwise');
