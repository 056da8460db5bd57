//! Attacks in JavaScript that Node.js runs.

use super::attacks::{Attack, DENIED, ERROR, End, MEMORY, NOTHING, TIMEOUT, TOO_LARGE};

const fn attack(name: &'static str, code: &'static str, end: &'static [End]) -> Attack {
    Attack { name, code, guarded: end, bare: end }
}

/// Refused by name in front; behind it the kernel refuses.
const fn named(name: &'static str, code: &'static str, bare: &'static [End]) -> Attack {
    Attack { name, code, guarded: &[DENIED], bare }
}

pub(super) const ATTACKS: &[Attack] = &[
    named(
        "a process",
        "const c = require('child_process'); function main() { return c.execFileSync('/bin/sh', ['-c', 'id']).toString() }",
        &[DENIED, ERROR],
    ),
    named(
        "a fork",
        "const c = require('child_process'); async function main() { return await new Promise((done, fail) => { c.fork('/x.js').on('error', fail).on('exit', done) }) }",
        &[DENIED, ERROR],
    ),
    named(
        "itself, with a compiler",
        "const c = require('child_process'); function main() { return c.spawnSync(process.execPath, ['-e', '1']).error.code }",
        &[End::Gives("\"EPERM\""), DENIED, ERROR],
    ),
    named(
        "a connection",
        "const n = require('net'); async function main() { return await new Promise((done, fail) => n.connect(80, '1.1.1.1').on('error', fail).on('connect', done)) }",
        &[DENIED, ERROR],
    ),
    named(
        "a listener",
        "const n = require('net'); async function main() { return await new Promise((done, fail) => n.createServer().on('error', fail).listen(8080, done)) }",
        &[DENIED, ERROR],
    ),
    named(
        "a datagram",
        "const d = require('dgram'); async function main() { return await new Promise((done, fail) => d.createSocket('udp4').on('error', fail).bind(0, done)) }",
        &[DENIED, ERROR],
    ),
    named(
        "a name",
        "const d = require('dns'); async function main() { return await d.promises.lookup('example.com') }",
        &[DENIED, ERROR],
    ),
    attack("a fetch", "async function main() { return (await fetch('http://1.1.1.1')).status }", &[DENIED, ERROR]),
    named(
        "read a file",
        "const fs = require('fs'); function main() { return fs.readFileSync('/etc/passwd', 'utf8') }",
        &[ERROR, DENIED],
    ),
    named(
        "read the environment of the server",
        "const fs = require('fs'); function main() { return fs.readFileSync('/proc/1/environ', 'utf8') }",
        &[ERROR, DENIED],
    ),
    named(
        "write a file",
        "const fs = require('fs'); function main() { fs.writeFileSync('/tidemill-attack', 'x') }",
        &[DENIED, ERROR],
    ),
    named(
        "write a package",
        "const fs = require('fs'); function main() { fs.writeFileSync('/packages/node_modules/ours/index.js', 'x') }",
        &[DENIED, ERROR],
    ),
    named(
        "list the root",
        "const fs = require('fs'); function main() { return fs.readdirSync('/').filter((name) => !['lib', 'lib64', 'packages', 'usr', 'opt'].includes(name)).join() || 'nothing' }",
        &[NOTHING, ERROR],
    ),
    named(
        "read every descriptor",
        "const fs = require('fs'); const mine = Number(process.argv[1]); function main() { const found = []; for (let fd = 3; fd < 64; fd++) { if (fd === mine) continue; try { const kind = fs.fstatSync(fd); if (kind.isFile() || kind.isSocket()) found.push(fd) } catch {} } return found.join() || 'nothing' }",
        &[NOTHING],
    ),
    named(
        "threads without end",
        "const w = require('worker_threads'); async function main() { for (;;) { new w.Worker('for (;;);', {eval: true}).on('error', () => {}); await null } }",
        &[TIMEOUT, MEMORY, ERROR],
    ),
    named(
        "the engine's switches",
        "const v8 = require('v8'); function main() { v8.setFlagsFromString('--no-jitless'); let s = 0; for (let i = 0; i < 1e6; i++) s += i; return s > 0 ? 'nothing' : 'something' }",
        &[NOTHING, MEMORY, ERROR],
    ),
    attack(
        "the environment",
        "function main() { const known = ['LD_LIBRARY_PATH', 'TZ', 'HOME', 'UV_USE_IO_URING', 'UV_THREADPOOL_SIZE']; return Object.keys(process.env).filter((name) => !known.includes(name)).join() || 'nothing' }",
        &[NOTHING],
    ),
    attack(
        "kill everybody",
        "function main() { let killed = 0; for (let pid = 2; pid < 5000; pid++) { try { process.kill(pid, 9); killed++ } catch {} } return killed || 'nothing' }",
        &[NOTHING],
    ),
    attack(
        "become root",
        "function main() { try { process.setuid(0) } catch (error) { return error.code === 'EPERM' || process.getuid() !== 0 ? 'nothing' : 'something' } return process.getuid() !== 0 ? 'nothing' : 'something' }",
        &[NOTHING],
    ),
    attack(
        "a library of its own",
        "function main() { process.dlopen({exports: {}}, '/packages/node_modules/ours/x.node') }",
        &[DENIED, ERROR],
    ),
    attack(
        "inner bindings",
        "function main() { return process.binding('spawn_sync').spawn({file: '/bin/sh', args: ['sh'], stdio: []}).error < 0 ? 'nothing' : 'something' }",
        &[NOTHING, DENIED, ERROR, MEMORY],
    ),
    attack(
        "machine code",
        "function main() { return typeof WebAssembly === 'undefined' ? 'nothing' : 'something' }",
        &[NOTHING],
    ),
    attack("a loop without end", "function main() { for (;;); }", &[TIMEOUT]),
    attack("a loop at the top", "for (;;);", &[TIMEOUT]),
    attack("timers without end", "async function main() { await new Promise(() => setInterval(() => {}, 10)) }", &[TIMEOUT]),
    attack("a promise that is never settled", "function main() { return new Promise(() => {}) }", &[ERROR]),
    attack(
        "a slow leak",
        "function main() { const a = []; for (;;) a.push(new Array(100000).fill(a.length)) }",
        &[MEMORY, TIMEOUT],
    ),
    attack(
        "buffers without end",
        "function main() { const a = []; for (;;) a.push(Buffer.alloc(10_000_000, 1)) }",
        &[MEMORY, TIMEOUT],
    ),
    attack("a large buffer", "function main() { return new ArrayBuffer(2 ** 32).byteLength }", &[MEMORY, ERROR]),
    attack("recursion without end", "function main() { return main() + 1 }", &[ERROR]),
    attack("an expensive pattern", "function main() { return /^(a+)+$/.test('a'.repeat(40) + '!') }", &[TIMEOUT]),
    attack("a large result", "function main() { return 'x'.repeat(9000000) }", &[TOO_LARGE]),
    attack("a log without end", "function main() { for (;;) console.log('x'.repeat(100000)) }", &[TIMEOUT]),
    attack("a circle", "function main() { const a = {}; a.a = a; return a }", &[ERROR]),
    attack(
        "an error with a trap",
        "function main() { const e = new Error('x'); Object.defineProperty(e, 'message', {get() { throw 1 }}); throw e }",
        &[ERROR],
    ),
    attack("throws nothing", "function main() { throw null }", &[ERROR]),
    attack(
        "an error later",
        "async function main() { setTimeout(() => { throw new Error('late') }, 1); await new Promise((done) => setTimeout(done, 500)) }",
        &[ERROR],
    ),
    attack("the end at once", "function main() { process.exit(0) }", &[ERROR]),
    attack("an abort", "function main() { process.abort() }", &[MEMORY, ERROR]),
    attack("is no code", "function main( {", &[ERROR]),
    attack("has no function", "const x = 1", &[ERROR]),
    attack("a file as a module", "import x from '/etc/passwd'; export default () => 1", &[DENIED]),
    attack(
        "data as a module",
        "export default async () => (await import('data:text/javascript,export default 1')).default",
        &[DENIED],
    ),
];
