// Makes `console`, and takes away what makes code from text. The jail is the boundary; this is for better messages.
(function (write, languageLayer) {
  'use strict';
  const stringify = JSON.stringify, text = String, defineProperty = Object.defineProperty;
  const show = (value) => {
    if (typeof value === 'string') return value;
    if (value instanceof Error) return text(value.stack ? value.name + ': ' + value.message + '\n' + value.stack : value);
    try {
      const json = typeof value === 'object' ? stringify(value) : undefined;
      return json === undefined ? text(value) : json;
    } catch (_) {
      return text(value);
    }
  };
  const log = (...values) => {
    let line = '';
    for (let i = 0; i < values.length; i++) line += (i ? ' ' : '') + show(values[i]);
    write(line + '\n');
  };
  const console = { debug: log, error: log, info: log, log, warn: log };
  defineProperty(globalThis, 'console', { value: console, writable: true, configurable: true });
  if (!languageLayer) return;
  class SandboxDenied extends Error {
    get name() { return 'SandboxDenied'; }
  }
  const refuse = (name) => function () {
    throw new SandboxDenied('`' + name + '` is not available in a code step: write the code into the step itself');
  };
  const makers = [function () {}, function* () {}, async function () {}, async function* () {}];
  for (const maker of makers) {
    const prototype = Object.getPrototypeOf(maker);
    defineProperty(prototype, 'constructor', { value: refuse('Function'), writable: false, configurable: false });
  }
  for (const name of ['eval', 'Function']) {
    defineProperty(globalThis, name, { value: refuse(name), writable: false, configurable: false });
  }
})
