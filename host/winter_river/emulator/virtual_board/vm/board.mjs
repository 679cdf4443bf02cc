// One boot of a virtual ESP32: the real MicroPython VM with a serial line, a file system, sockets, an I2C bus and pins.
//
//   node board.mjs MICROPYTHON.mjs START.upy MODULES_DIR
//
// Frames on stdin and stdout: kind (1 byte), length (4 bytes, little endian), payload.
//   in:  B boot {files: [[path, base64]], raw, reset_cause, unique_id, i2c: [addresses], flash_bytes}, first and once
//        U bytes to the serial line    P pin [number, level]
//   out: U bytes from the serial line  F files [[path, base64]] after they have changed
//        I I2C write: address, bytes   O pin [number, level]
//        R reset {kind: soft | hard | watchdog, raw}: the last one; the process ends, and whoever started it boots anew
//
// This VM frees memory only while no Python runs, so the firmware's loop is run from here, one pass at a time.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { loadVm, mount } from '../../vm/vm.mjs';

const [vmFile, startFile, modulesDir] = process.argv.slice(2);

const HEAP_BYTES = 128 * 1024;
const FILES_LOOK_MS = 200; // how often changed files are looked for
const LOOKUP_MS = 5000;
const RX_BYTES_MAX = 1 << 16; // of one socket; TCP holds back the rest
const SLEEP_SLICE_MS = 10;
const FORCED_EXIT = 0x100;
const CTRL_A = 1, CTRL_B = 2, CTRL_C = 3, CTRL_E = 5;
// Numbers of the ESP32's newlib.
const EAGAIN = 11, EIO = 5, EBADF = 9, ECONNRESET = 104, EOPNOTSUPP = 95, ETIMEDOUT = 116, EHOSTUNREACH = 118, ENOTCONN = 128;
const ERRNO = { ECONNREFUSED: 111, ECONNRESET, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH: 118, EPIPE: 32 };

// --- frames ---------------------------------------------------------------------------------------------------------

function send(kind, payload) {
  const body = Buffer.from(payload);
  const head = Buffer.alloc(5);
  head.write(kind);
  head.writeUInt32LE(body.length, 1);
  writeAll(Buffer.concat([head, body]));
}

function writeAll(bytes) {
  for (let at = 0; at < bytes.length;) {
    try {
      at += fs.writeSync(1, bytes, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error; // the reader is behind
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

let uartOut = [];
let lastByte = 0;
function print(bytes) { // a serial line ends with both, as on a board
  for (const byte of bytes) {
    if (byte === 10 && lastByte !== 13) uartOut.push(13);
    uartOut.push(byte);
    lastByte = byte;
  }
}

function flushUart() {
  if (uartOut.length) send('U', uartOut);
  uartOut = [];
}

let incoming = Buffer.alloc(0);
const uartIn = [];
let ready = false; // before the VM runs, what comes in waits
let bootRequest = null;
const levels = new Map(); // pin number -> level

function take(bytes) {
  incoming = Buffer.concat([incoming, bytes]);
  while (incoming.length >= 5 && incoming.length >= 5 + incoming.readUInt32LE(1)) {
    const kind = String.fromCharCode(incoming[0]);
    const body = incoming.subarray(5, 5 + incoming.readUInt32LE(1));
    incoming = incoming.subarray(5 + body.length);
    if (kind === 'U') uartIn.push(...body);
    else if (kind === 'P') levels.set(...JSON.parse(body));
    else if (kind === 'B') bootRequest(JSON.parse(body));
  }
}

// While Python sleeps, nobody else reads stdin: bytes may bring a Ctrl-C.
function takeNow() {
  const buffer = Buffer.alloc(4096);
  try {
    const count = fs.readSync(0, buffer);
    if (count) take(buffer.subarray(0, count));
    else process.exit(0);
  } catch (error) {
    if (error.code !== 'EAGAIN') throw error;
  }
}

const boot = await new Promise((resolve) => {
  bootRequest = resolve;
  process.stdin.on('data', (bytes) => { take(bytes); pump(); });
  process.stdin.on('end', () => process.exit(0));
});

// --- what Python sees of this machine, as the module _host -----------------------------------------------------------

const memory = (address, count) => new Uint8Array(mp.memory.buffer, address, count); // where Python's buffers lie
const sockets = new Map();
let nextSocket = 1;
let resetKind = '';
let watchdogMs = 0, fedAt = 0;

const host = {
  sleep(ms) {
    flushUart();
    const end = performance.now() + ms;
    for (let left = ms; left > 0 && !resetKind; left = end - performance.now()) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.min(left, SLEEP_SLICE_MS));
      takeNow();
      const at = uartIn.indexOf(CTRL_C);
      if (at >= 0) {
        uartIn.splice(0, at + 1);
        mp._module._mp_sched_keyboard_interrupt();
        return;
      }
    }
  },
  noise(address, count) { memory(address, count).set(randomBytes(count)); },
  reset(kind) { resetKind = kind; },
  reset_cause: () => boot.reset_cause,
  unique_id: () => boot.unique_id,
  watchdog(ms) { watchdogMs = ms; fedAt = performance.now(); },
  feed() { fedAt = performance.now(); },
  pin_read: (number) => levels.get(number) ?? 1,
  pin_write(number, level) { levels.set(number, level); send('O', JSON.stringify([number, level])); },
  i2c_scan: () => boot.i2c.join(' '),
  i2c_write(device, address, count) {
    if (!boot.i2c.includes(device)) return false;
    send('I', Buffer.concat([Buffer.from([device]), memory(address, count)]));
    return true;
  },
  lookup(name) {
    if (net.isIPv4(name)) return name;
    const script = 'require("dns").lookup(process.argv[1], 4, (error, address) => console.log(error ? "" : address))';
    try {
      return execFileSync(process.execPath, ['-e', script, name], { timeout: LOOKUP_MS }).toString().trim();
    } catch {
      return '';
    }
  },
  open() {
    const socket = new net.Socket();
    const state = { socket, received: [], count: 0, ended: false, failure: 0, connected: false };
    socket.setNoDelay(true);
    socket.on('connect', () => { state.connected = true; });
    socket.on('data', (bytes) => {
      state.received.push(bytes);
      state.count += bytes.length;
      if (state.count > RX_BYTES_MAX) socket.pause();
    });
    socket.on('end', () => { state.ended = true; });
    socket.on('close', () => { state.ended = true; });
    socket.on('error', (error) => { state.failure = ERRNO[error.code] ?? EIO; });
    sockets.set(nextSocket, state);
    return nextSocket++;
  },
  connect(id, address, port) { sockets.get(id)?.socket.connect(port, address); },
  write(id, address, count) {
    const state = sockets.get(id);
    if (!state) return -EBADF;
    if (state.failure) return -state.failure;
    if (state.ended) return -ECONNRESET;
    if (!state.connected || state.socket.writableNeedDrain) return -EAGAIN;
    state.socket.write(Buffer.from(memory(address, count)));
    return count;
  },
  read(id, address, count) {
    const state = sockets.get(id);
    if (!state) return -EBADF;
    if (!state.count) return state.failure ? -state.failure : state.ended ? 0 : -EAGAIN;
    const all = Buffer.concat(state.received);
    const taken = all.subarray(0, count);
    const rest = all.subarray(taken.length);
    state.received = rest.length ? [rest] : [];
    state.count = rest.length;
    if (state.count <= RX_BYTES_MAX) state.socket.resume();
    memory(address, taken.length).set(taken);
    return taken.length;
  },
  // Python cannot wait here while the machine around it works; our firmware never does.
  wait: () => -EOPNOTSUPP,
  failure: () => EOPNOTSUPP,
  close(id) {
    sockets.get(id)?.socket.destroy();
    sockets.delete(id);
  },
};

// --- files ----------------------------------------------------------------------------------------------------------

const FLASH = '/flash', BLOCK_BYTES = 4096;
let filesSeen = '';

function walk(folder, visit) {
  for (const name of mp.FS.readdir(folder)) {
    if (name === '.' || name === '..') continue;
    const place = `${folder}/${name}`;
    const stat = mp.FS.stat(place);
    if (mp.FS.isDir(stat.mode)) walk(place, visit);
    else visit(place, stat);
  }
}

function filesMark() {
  const marks = [];
  walk(FLASH, (place, stat) => marks.push(`${place} ${stat.size} ${Number(stat.mtime)}`));
  return marks.join('\n');
}

function reportFiles() {
  const mark = filesMark();
  if (mark === filesSeen) return;
  filesSeen = mark;
  const files = [];
  walk(FLASH, (place) => {
    files.push([place.slice(FLASH.length + 1), Buffer.from(mp.FS.readFile(place)).toString('base64')]);
  });
  send('F', JSON.stringify(files));
}

host.blocks_used = () => {
  let blocks = 2; // the superblock and its copy
  walk(FLASH, (place, stat) => { blocks += Math.ceil(stat.size / BLOCK_BYTES); });
  return blocks;
};
host.blocks = () => Math.floor(boot.flash_bytes / BLOCK_BYTES);

// --- the machine ----------------------------------------------------------------------------------------------------

const mp = await loadVm({
  moduleFile: vmFile,
  heapBytes: HEAP_BYTES,
  lineBuffer: false,
  print,
  complain: () => {}, // the port's own notes about its heap; Python's go to stdout
});
mp.registerJsModule('_host', host);
mp.FS.mkdirTree(FLASH);
mount(mp, modulesDir, '/modules');
for (const [name, content] of boot.files) {
  mp.FS.mkdirTree(path.posix.dirname(`${FLASH}/${name}`));
  mp.FS.writeFile(`${FLASH}/${name}`, Buffer.from(content, 'base64'));
}
filesSeen = filesMark();

let raw = boot.raw;
let running = false; // whether main.py has the machine; else the REPL has it
let declining = ''; // how far a request for raw paste has come

function leave(kind) {
  reportFiles();
  flushUart();
  send('R', JSON.stringify({ kind, raw }));
  process.exit(0);
}

function afterPython() {
  flushUart();
  if (resetKind) leave(resetKind);
}

function startRepl() {
  running = false;
  mp.replInit();
  if (raw) mp.replProcessChar(CTRL_A);
  flushUart();
}

// One pass of the firmware; its answer is the milliseconds until the next.
function pass() {
  if (!running) return;
  mp.runPython('_wait_ms = _winter_river_board.step()');
  const wait = mp.globals.get('_wait_ms');
  afterPython();
  if (wait < 0) startRepl();
  else setTimeout(pass, wait);
}

function interrupt() {
  mp.runPython('_winter_river_board.interrupt()');
  startRepl();
}

function pump() {
  while (ready && uartIn.length && !resetKind) {
    const byte = uartIn.shift();
    if (running) {
      if (byte === CTRL_C) interrupt();
      continue;
    }
    if (refusesRawPaste(byte)) continue;
    if (byte === CTRL_A) raw = true;
    if (byte === CTRL_B) raw = false;
    const result = mp.replProcessChar(byte);
    afterPython();
    if (result & FORCED_EXIT) {
      print(Buffer.from('MPY: soft reboot\n'));
      leave('soft');
    }
  }
  flushUart();
}

// Raw paste (Ctrl-E A Ctrl-A) needs a blocking stdin, which this VM has not: the answer of a board without it.
function refusesRawPaste(byte) {
  if (!raw) return false;
  if (declining === '' && byte === CTRL_E) declining = 'E';
  else if (declining === 'E' && byte === 0x41) declining = 'A';
  else if (declining === 'A' && byte === CTRL_A) {
    declining = '';
    uartOut.push(0x52, 0);
  } else {
    declining = '';
    return false;
  }
  return true;
}

mp.FS.writeFile('/modules/_winter_river_board.py', fs.readFileSync(startFile));
mp.runPython("import sys; sys.path[:] = ['/modules']; import _winter_river_board; _winter_river_board.mount()");
mp.runPython('_winter_river_board.run_boot()');
afterPython();
if (!raw) {
  mp.runPython('_running = _winter_river_board.start_main()');
  running = mp.globals.get('_running') === true;
  afterPython();
}
if (running) pass();
else startRepl();
ready = true;
pump();

setInterval(() => {
  reportFiles();
  if (watchdogMs && performance.now() - fedAt > watchdogMs) leave('watchdog');
}, FILES_LOOK_MS);
