// Copyright 2026 The wasm-sandbox Authors
// SPDX-License-Identifier: Apache-2.0

// The half of v8_engine.cc that runs in node: answers questions on descriptor 3. See there for their form.
'use strict';
const fs = require('fs');
const kChannel = 3;

function receive(size) {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size;) {
    const count = fs.readSync(kChannel, bytes, at, size - at, null);
    if (count === 0) process.exit(0);
    at += count;
  }
  return bytes;
}

function send(parts) {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(parts.reduce((sum, part) => sum + part.length, 0));
  const all = Buffer.concat([size, ...parts]);
  for (let at = 0; at < all.length;) at += fs.writeSync(kChannel, all, at);
}

// --- Bits and numbers: as fuzz/oracle/observation.cc has them ---

const view = new DataView(new ArrayBuffer(8));
const u64 = (number) => BigInt.asUintN(64, number);

function mix(x) {
  x = u64(x + 0x9e3779b97f4a7c15n);
  x = u64((x ^ x >> 30n) * 0xbf58476d1ce4e5b9n);
  x = u64((x ^ x >> 27n) * 0x94d049bb133111ebn);
  return x ^ x >> 31n;
}

function toNumber(type, bits) {
  switch (type) {
    case 'i32': return Number(BigInt.asIntN(32, bits));
    case 'i64': return BigInt.asIntN(64, bits);
    case 'f32': view.setUint32(0, Number(bits)); return view.getFloat32(0);
    case 'f64': view.setBigUint64(0, bits); return view.getFloat64(0);
    default: return null;
  }
}

function hostBits(seed, parameters, values, result, type) {
  let hash = mix(0x9e3779b97f4a7c15n ^ u64(seed + BigInt(result)));
  for (let i = 0; i < values.length; ++i) hash = mix(hash ^ toBits(parameters[i], values[i]));
  const word = hash & 0xffffn;
  if (type === 'f32') {
    view.setFloat32(0, Number(word) / 8);
    return BigInt(view.getUint32(0));
  }
  if (type === 'f64') {
    view.setFloat64(0, Number(word) / 1024);
    return view.getBigUint64(0);
  }
  return word;
}

let exported = new Map();  // functions, and their indices

function toBits(type, value) {
  switch (type) {
    case 'i32': return BigInt.asUintN(32, BigInt(value));
    case 'i64': return u64(value);
    case 'f32':
      if (Number.isNaN(value)) return 0x7fc00000n;
      view.setFloat32(0, value);
      return BigInt(view.getUint32(0));
    case 'f64':
      if (Number.isNaN(value)) return 0x7ff8000000000000n;
      view.setFloat64(0, value);
      return view.getBigUint64(0);
    default:
      if (value === null) return 0n;
      return exported.has(value) ? 1n + BigInt(exported.get(value)) : 0xffffffffffffffffn;
  }
}

// --- Questions ---

function judge(bytes) {
  try {
    new WebAssembly.Module(bytes);
    return [Buffer.from('y')];
  } catch (error) {
    return [Buffer.from('n' + error.message)];
  }
}

function hostFunction(seed, { params, results }) {
  return (...values) => {
    const answers = results.map((type, i) => toNumber(type, hostBits(seed, params, values, i, type)));
    return answers.length === 1 ? answers[0] : answers;
  };
}

function limitsOf({ is_64, min, max }) {
  const number = is_64 ? BigInt : Number;
  const limits = { address: is_64 ? 'i64' : 'i32', initial: number(min) };
  if (max !== undefined) limits.maximum = number(max);
  return limits;
}

function hostObject(seed, item) {
  switch (item.kind) {
    case 'func': return hostFunction(seed, item);
    case 'memory': return new WebAssembly.Memory(limitsOf(item.limits));
    case 'table': return new WebAssembly.Table({ element: item.element, ...limitsOf(item.limits) }, null);
    case 'global':
      return new WebAssembly.Global({ value: item.type, mutable: item.mutable }, toNumber(item.type, BigInt(item.value)));
    default: return new WebAssembly.Tag({ parameters: item.params });
  }
}

function hostObjects(plan) {
  const imports = {};
  for (const item of plan.imports) {
    imports[item.module] ??= {};
    imports[item.module][item.name] ??= hostObject(BigInt(plan.seed), item);
  }
  return imports;
}

// The words of a trap or of an exhausted stack; anything else is an error of this program.
function wordsOf(error) {
  if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) return error.message;
  throw error;
}

function callOf(plan, instance, name, item, round) {
  const values = item.arguments[round].map((bits, i) => toNumber(item.params[i], BigInt(bits)));
  try {
    const answer = instance.exports[name](...values);
    const list = item.results.length === 0 ? [] : item.results.length === 1 ? [answer] : [...answer];
    return { name, results: list.map((value, i) => String(toBits(item.results[i], value))) };
  } catch (error) {
    return { name, words: wordsOf(error) };
  }
}

function stateOf(plan, instance, seen) {
  const memories = [];
  for (const { kind, name, type } of plan.exports) {
    const value = instance.exports[name];
    if (kind === 'memory') {
      memories.push(Buffer.from(value.buffer));
      seen.memories.push(value.buffer.byteLength);
    } else if (kind === 'global') {
      seen.globals.push(String(toBits(type, value.value)));
    } else if (kind === 'table') {
      const elements = [];
      const isWide = typeof value.length === 'bigint';
      for (let i = 0; i < value.length; ++i) elements.push(String(toBits(type, value.get(isWide ? BigInt(i) : i))));
      seen.tables.push(elements);
    }
  }
  return memories;
}

function run(bytes, plan) {
  const seen = { calls: [], memories: [], globals: [], tables: [] };
  let instance;
  let module;
  try {
    module = new WebAssembly.Module(bytes);
  } catch (error) {
    return [Buffer.from(JSON.stringify({ refusal: error.message }))];
  }
  exported = new Map();
  try {
    instance = new WebAssembly.Instance(module, hostObjects(plan));
    seen.calls.push({ name: 'start', results: [] });
  } catch (error) {
    seen.calls.push({ name: 'start', words: wordsOf(error) });
    return [Buffer.from(JSON.stringify(seen))];
  }
  for (const item of plan.exports) {
    if (item.kind === 'func') exported.set(instance.exports[item.name], item.index);
  }
  for (let round = 0; round < plan.rounds; ++round) {
    for (const item of plan.exports) {
      if (item.kind === 'func') seen.calls.push(callOf(plan, instance, item.name, item, round));
      // Nothing is compared after an exhausted stack.
      if (/stack/.test(seen.calls.at(-1).words ?? '')) return [Buffer.from(JSON.stringify(seen))];
    }
  }
  const memories = stateOf(plan, instance, seen);
  return [Buffer.from(JSON.stringify(seen) + '\n'), ...memories];
}

for (;;) {
  const question = receive(receive(4).readUInt32LE());
  if (question[0] === 'j'.charCodeAt(0)) {
    send(judge(question.subarray(1)));
  } else {
    const planBytes = question.readUInt32LE(1);
    const plan = JSON.parse(question.toString('utf8', 5, 5 + planBytes));
    send(run(question.subarray(5 + planBytes), plan));
  }
}
