//! Attacks in JavaScript.

use super::attacks::{Attack, DENIED, ERROR, End, MEMORY, NOTHING, TIMEOUT, TOO_LARGE};

const fn attack(name: &'static str, code: &'static str, end: &'static [End]) -> Attack {
    Attack { name, code, guarded: end, bare: end }
}

const fn both(name: &'static str, code: &'static str, guarded: &'static [End], bare: &'static [End]) -> Attack {
    Attack { name, code, guarded, bare }
}

pub(super) const ATTACKS: &[Attack] = &[
    attack("a loop without end", "function main() { for (;;); }", &[TIMEOUT]),
    attack("a loop at the top", "for (;;);", &[TIMEOUT]),
    attack(
        "promises without end",
        "function main() { const f = () => Promise.resolve().then(f); return f() }",
        &[TIMEOUT, MEMORY],
    ),
    attack("a promise that is never settled", "function main() { return new Promise(() => {}) }", &[ERROR]),
    attack("a long text", "function main() { return 'a'.repeat(2 ** 29).length }", &[MEMORY]),
    attack("a text that is too long", "function main() { return 'a'.repeat(2 ** 31) }", &[ERROR, MEMORY]),
    attack("a large array", "function main() { return new Array(2 ** 32 - 1).fill(1) }", &[MEMORY, TIMEOUT, ERROR]),
    attack("a large buffer", "function main() { return new ArrayBuffer(2 ** 31).byteLength }", &[MEMORY, ERROR]),
    attack("a slow leak", "function main() { const a = []; for (;;) a.push(new Array(100000).fill(a.length)) }", &[MEMORY]),
    attack("recursion without end", "function main() { return main() + 1 }", &[ERROR]),
    attack("recursion by toString", "function main() { const a = {toString() { return '' + a }}; return '' + a }", &[ERROR]),
    attack("deep JSON", "function main() { return JSON.parse('['.repeat(200000)) }", &[ERROR, MEMORY]),
    attack(
        "a deep result",
        "function main() { let a = []; for (let i = 0; i < 100000; i++) a = [a]; return a }",
        &[ERROR, TOO_LARGE, TIMEOUT],
    ),
    attack(
        "a result that is deeper than it may be",
        "function main() { let a = []; for (let i = 0; i < 100; i++) a = [a]; return a }",
        &[TOO_LARGE, ERROR],
    ),
    attack("an expensive pattern", "function main() { return /^(a+)+$/.test('a'.repeat(40) + '!') }", &[TIMEOUT, ERROR]),
    attack(
        "an expensive pattern with a look behind",
        "function main() { return /(?<=(a|aa)+)b$/.test('a'.repeat(60)) + /(x+x+)+y/.test('x'.repeat(50)) }",
        &[TIMEOUT, ERROR],
    ),
    both(
        "the global object by a constructor",
        "function main() { const g = (() => {}).constructor('return this')(); return [typeof g.process, typeof g.require, typeof g.std, typeof g.os, typeof g.Deno].every((t) => t === 'undefined') ? 'nothing' : 'something' }",
        &[DENIED],
        &[NOTHING],
    ),
    both("eval", "function main() { return eval('1 + 1') === 2 ? 'nothing' : 'something' }", &[DENIED], &[NOTHING]),
    both(
        "indirect eval",
        "function main() { return (0, eval)('typeof process') === 'undefined' ? 'nothing' : 'something' }",
        &[DENIED],
        &[NOTHING],
    ),
    both(
        "new Function",
        "function main() { return new Function('return typeof process')() === 'undefined' ? 'nothing' : 'something' }",
        &[DENIED],
        &[NOTHING],
    ),
    both(
        "an async constructor",
        "async function main() { return (await (async () => {}).constructor('return typeof process')()) === 'undefined' ? 'nothing' : 'something' }",
        &[DENIED],
        &[NOTHING],
    ),
    attack("import a library", "import * as std from 'std'; export default () => 1", &[DENIED, ERROR]),
    attack("import a file", "import x from '/etc/passwd'; export default () => 1", &[DENIED, ERROR]),
    attack("import late", "async function main() { return await import('os') }", &[DENIED, ERROR]),
    attack("require", "function main() { return require('fs') }", &[ERROR]),
    attack("fetch", "function main() { return fetch('http://127.0.0.1') }", &[ERROR]),
    attack("the process", "function main() { return process.env }", &[ERROR]),
    attack("timers", "function main() { return setTimeout(() => {}, 1) }", &[ERROR]),
    attack(
        "workers",
        "function main() { return typeof Worker + typeof SharedArrayBuffer === 'undefinedundefined' || typeof Worker === 'undefined' ? 'nothing' : 'something' }",
        &[NOTHING],
    ),
    attack(
        "a worker that waits",
        "function main() { return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0) }",
        &[TIMEOUT, ERROR],
    ),
    attack("a circle", "function main() { const a = {}; a.a = a; return a }", &[ERROR]),
    attack("a large integer", "function main() { return 1n }", &[ERROR]),
    attack("a symbol", "function main() { return Symbol('x') === undefined ? 1 : [Symbol('x')] }", &[End::Gives("[null]")]),
    attack("toJSON that throws", "function main() { return {toJSON() { throw new Error('x') }} }", &[ERROR]),
    attack("a getter that loops", "function main() { return {get a() { for (;;); }} }", &[TIMEOUT]),
    attack(
        "a proxy that lies",
        "function main() { return new Proxy({}, {ownKeys() { throw 1 }, get() { throw 2 }}) }",
        &[ERROR],
    ),
    attack(
        "a proxy without end",
        "function main() { return new Proxy([], {get: (t, k) => k === 'length' ? 2 ** 40 : 1}) }",
        &[MEMORY, TIMEOUT, TOO_LARGE, ERROR],
    ),
    attack("throws nothing", "function main() { throw null }", &[ERROR]),
    attack(
        "throws an object with a trap",
        "function main() { throw {get message() { for (;;); }, toString() { throw 1 }} }",
        &[ERROR],
    ),
    attack(
        "an error with a trap",
        "function main() { const e = new Error('x'); Object.defineProperty(e, 'stack', {get() { throw 1 }}); Object.defineProperty(e, 'message', {get() { throw 1 }}); throw e }",
        &[ERROR],
    ),
    attack("a large result", "function main() { return 'x'.repeat(9000000) }", &[TOO_LARGE]),
    attack("a log without end", "function main() { for (;;) console.log('x'.repeat(100000)) }", &[TIMEOUT]),
    attack(
        "a log of what can't be shown",
        "function main() { const a = {}; a.a = a; console.log(a, Symbol.iterator, undefined, null, new Error('x')); return 'nothing' }",
        &[NOTHING],
    ),
    attack(
        "pollutes what the harness uses",
        "JSON.stringify = () => { throw 1 }; Object.prototype.toJSON = () => 'x'; Promise.prototype.then = null; function main() { return 1 }",
        &[End::Gives("1"), End::Gives("\"x\""), ERROR],
    ),
    attack("is no code", "function main( {", &[ERROR]),
    attack("has no function", "const x = 1", &[ERROR]),
    attack(
        "sorts without end",
        "function main() { const a = Array.from({length: 1000}, (_, i) => i); return a.sort(() => { for (;;); }) }",
        &[TIMEOUT],
    ),
];
