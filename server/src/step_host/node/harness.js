// Runs JavaScript steps in Node.js inside the jail. The jail is the boundary; what is refused here by name is refused for a better message.
'use strict';
(() => {
    const fs = require('node:fs');
    const vm = require('node:vm');
    const { format } = require('node:util');
    const { createRequire } = require('node:module');
    const { parse, stringify } = JSON;
    const exit = process.reallyExit.bind(process);
    const fd = Number(process.argv[1]);
    const guarded = process.argv[2] === 'guarded';
    const FILE = 'step.js';
    const CUT = '\n[the log is cut here; it is longer than it may be]\n';
    const JOB = 1, INPUT = 2, LOG = 3, USAGE = 4, OUTPUT = 5, FAILED = 6;
    // Modules that reach for what the kernel refuses anyhow. Packages may load them; a step that names one means it.
    const REFUSED = new Set(
        ('child_process cluster dgram diagnostics_channel dns dns/promises fs fs/promises http http2 https inspector ' +
            'inspector/promises module net repl sea sqlite test tls trace_events tty v8 vm wasi worker_threads').split(' '),
    );

    class SandboxDenied extends Error {
        get name() { return 'SandboxDenied'; }
    }

    function receive(length) {
        const bytes = Buffer.alloc(length);
        for (let done = 0; done < length;) {
            const count = fs.readSync(fd, bytes, done, length - done);
            if (count === 0) exit(98);
            done += count;
        }
        return bytes;
    }

    function frame(kind) {
        const header = receive(5);
        if (header[0] !== kind) exit(98);
        return receive(header.readUInt32LE(1));
    }

    function send(kind, text) {
        const payload = Buffer.from(text);
        const header = Buffer.alloc(5);
        header[0] = kind;
        header.writeUInt32LE(payload.length, 1);
        const bytes = Buffer.concat([header, payload]);
        for (let done = 0; done < bytes.length;) done += fs.writeSync(fd, bytes, done);
    }

    const job = parse(frame(JOB).toString());
    const memory = () => process.resourceUsage().maxRSS * 1024;
    const bornWith = memory();
    const input = frame(INPUT).toString();
    let logLeft = job.log_bytes;

    function log(...values) {
        if (logLeft === 0) return;
        let text;
        try {
            text = format(...values) + '\n';
        } catch {
            text = '[what can not be shown]\n';
        }
        const bytes = Buffer.from(text);
        if (bytes.length <= logLeft) {
            logLeft -= bytes.length;
            return send(LOG, bytes);
        }
        const kept = bytes.subarray(0, logLeft).toString().replace(/\ufffd+$/, '');
        logLeft = 0;
        send(LOG, kept + CUT);
    }

    function finish(kind, text) {
        send(USAGE, stringify({ peak_memory_bytes: Math.max(0, memory() - bornWith) }));
        send(kind, text);
        exit(0);
    }

    const text = (value) => {
        try { return String(value); } catch { return 'something that can not be shown'; }
    };

    function fail(error) {
        let name = 'Error', message = '', stack = '', code;
        try {
            if (!(error instanceof Error)) throw error;
            [name, message, stack, code] = [text(error.name), text(error.message), text(error.stack), error.code];
        } catch {
            return finish(FAILED, stringify({ class: 'code_error', message: `the code threw ${text(error)}`.slice(0, 8000) }));
        }
        const denied = error instanceof SandboxDenied || ['EPERM', 'EACCES', 'EROFS', 'ERR_DLOPEN_DISABLED'].includes(code);
        const full = name === 'RangeError' && /allocation failed|Invalid (string|array buffer) length/.test(message);
        const place = /step\.js:(\d+)(?::(\d+))?/.exec(stack);
        const line = place ? Number(place[1]) : undefined;
        const frames = stack.split('\n').filter((frame) => /^\s+at .*step\.js/.test(frame)).slice(0, 20);
        const failure = {
            class: denied ? 'sandbox_denied' : full ? 'out_of_memory' : 'code_error',
            message: [`${name}: ${message}${line ? ` (${FILE}, line ${line})` : ''}`, ...frames].join('\n').slice(0, 8000),
        };
        if (name === 'SyntaxError' && line) {
            const before = /\n( *)\^/.exec(stack)?.[1].length ?? 0;
            const prefix = line === 1 && !isModule ? STRICT.length : 0;
            Object.assign(failure, { line, column: Math.max(1, before + 1 - prefix) });
        }
        finish(FAILED, stringify(failure));
    }

    function named(specifier) {
        const name = specifier.replace(/^node:/, '');
        if (/^(\.|\/|file:|data:)/.test(specifier)) {
            throw new SandboxDenied(`'${specifier}' can't be imported: a step is one file; packages come from the operator's directory`);
        }
        if (guarded && REFUSED.has(name)) {
            throw new SandboxDenied(`'${specifier}' is not available in a code step: a step has no files, network, processes or threads`);
        }
        return specifier;
    }

    async function load(specifier) {
        const found = await import(named(specifier));
        const names = Object.keys(found);
        const module = new vm.SyntheticModule(names, () => names.forEach((name) => module.setExport(name, found[name])));
        return module;
    }

    async function loadLate(specifier) {
        const module = await load(specifier);
        await module.link(() => undefined);
        await module.evaluate();
        return module;
    }

    const isModule = job.code.split('\n').some((line) => /^\s*(export|import)\b/.test(line));
    const STRICT = '"use strict";';

    // An error in a module has no place. As a script, with the words that make it a module taken out, it has.
    function locate() {
        const blank = (words, indent) => indent + ' '.repeat(words.length - indent.length);
        const plain = job.code
            .replace(/^( *)export\s+default\b/gm, (words, indent) => `${indent}let $default =`.padEnd(words.length))
            .replace(/^( *)export\b/gm, blank)
            .replace(/^( *)import\b.*/gm, blank);
        new vm.Script(plain, { filename: FILE });
    }

    function compile() {
        const options = { importModuleDynamically: loadLate };
        if (isModule) {
            try {
                return new vm.SourceTextModule(job.code, { ...options, identifier: FILE });
            } catch (error) {
                locate();
                throw error;
            }
        }
        return new vm.Script(STRICT + job.code, { ...options, filename: FILE, columnOffset: -STRICT.length });
    }

    async function main() {
        const code = compile();
        if (job.check_only) return null;
        for (const level of ['debug', 'error', 'info', 'log', 'trace', 'warn']) console[level] = log;
        if (isModule) {
            await code.link(load);
            await code.evaluate();
            return code.namespace.default;
        }
        const plain = createRequire(process.cwd() + '/');
        globalThis.require = (specifier) => plain(named(String(specifier)));
        code.runInThisContext();
        return vm.runInThisContext("typeof main === 'function' ? main : undefined");
    }

    process.on('uncaughtException', fail);
    process.on('beforeExit', () => fail(new Error('the step waits for a promise that is never settled')));
    main().then(async (entry) => {
        if (job.check_only) return finish(OUTPUT, 'null');
        if (typeof entry !== 'function') {
            throw new TypeError('the code has neither `export default function (input)` nor `function main(input)`');
        }
        const output = stringify(await entry(parse(input))) ?? 'null';
        if (Buffer.byteLength(output) > job.output_bytes) {
            const message = `the output is larger than ${job.output_bytes} bytes of JSON; return less, for example a page or a summary`;
            return finish(FAILED, stringify({ class: 'result_too_large', message }));
        }
        finish(OUTPUT, output);
    }).catch(fail);
})();
