// One boot of one board of the fleet, in a thread of its own: the VM, the modules a board has, the firmware's loop.
//
// This VM frees memory only while no Python runs, so the firmware's loop is run from here, one pass at a time.
import { createHash } from 'node:crypto';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import * as link from './link.mjs';
import { capHeap, loadVm, mount } from './vm.mjs';

const { boot, shared, questions } = workerData;
const control = new Int32Array(shared);
const FLASH = '/flash';
const GAP_MS = 2; // chosen: least time between two passes, a tenth of what a board takes
// Numbers of the ESP32's newlib.
const EAGAIN = 11, EBADF = 9, ECONNRESET = 104, ETIMEDOUT = 116;
const PULLED_UP = 1;

const tell = (message, transfer) => parentPort.postMessage(message, transfer);

// --- what Python sees of this machine, as the module _host; addresses are places in the VM's memory -----------------

const sockets = new Map(); // number -> Ring
let nextSocket = 1, noiseDrawn = 0, resetCause = '';
const levels = new Map(); // what the board itself drives

const memory = (address, count) => new Uint8Array(mp.memory.buffer, address, count);

function waitFor(done, ms) {
  const untilMs = performance.now() + ms;
  for (;;) {
    const seen = Atomics.load(control, link.WAKE);
    if (done() || Atomics.load(control, link.STOPPING)) return true;
    const leftMs = untilMs - performance.now();
    if (leftMs <= 0) return false;
    Atomics.wait(control, link.WAKE, seen, leftMs);
  }
}

// The main thread looks a name up, while this one waits: its address, "" where nobody knows it.
function lookup(name) {
  const block = new SharedArrayBuffer(link.ANSWER_BYTES);
  tell({ kind: 'lookup', name, block });
  Atomics.wait(new Int32Array(block, 0, 1), 0, 0);
  return link.readAnswer(block);
}

const host = {
  sleep: (ms) => { waitFor(() => false, ms); },
  noise(address, count) { // seeded: the same fleet draws the same numbers again
    for (let at = 0; at < count; at += 32) {
      const drawn = createHash('sha256').update(`${boot.seed}:${boot.name}:${boot.number}:${noiseDrawn++}`).digest();
      memory(address + at, Math.min(32, count - at)).set(drawn.subarray(0, Math.min(32, count - at)));
    }
  },
  heap_bytes: () => boot.boardHeapBytes,
  reset(cause) { resetCause = cause; },
  reset_cause: () => boot.resetCause,
  unique_id: () => `02${createHash('sha256').update(boot.name).digest('hex').slice(0, 10)}`, // a local MAC address
  watchdog(ms) { host.feed(); Atomics.store(control, link.WATCHDOG_MS, ms); },
  feed() { Atomics.store(control, link.FED_MS, link.nowMs()); },
  pin_read(number) {
    const word = link.PINS_LOW + Math.floor(number / link.PIN_BITS);
    if (Atomics.load(control, word) >>> (number % link.PIN_BITS) & 1) return 0;
    return levels.get(number) ?? PULLED_UP;
  },
  pin_write(number, level) { levels.set(number, level); },
  i2c_scan: () => (boot.screenAddress ? `${boot.screenAddress}` : ''),
  i2c_write(device, address, count) {
    if (device !== boot.screenAddress) return false;
    const data = memory(address, count).slice();
    tell({ kind: 'i2c', data }, [data.buffer]);
    return true;
  },
  lookup,
  open() {
    const block = new SharedArrayBuffer(link.SOCKET_BYTES);
    sockets.set(nextSocket, new link.Ring(block));
    tell({ kind: 'open', number: nextSocket, block });
    return nextSocket++;
  },
  connect(number, address, port) { tell({ kind: 'connect', number, address, port }); },
  write(number, address, count) {
    const state = sockets.get(number)?.words;
    if (!state) return -EBADF;
    if (Atomics.load(state, link.FAILURE)) return -Atomics.load(state, link.FAILURE);
    if (Atomics.load(state, link.ENDED)) return -ECONNRESET;
    const room = link.SENDING_BYTES_MAX - Atomics.load(state, link.SENDING);
    if (!Atomics.load(state, link.CONNECTED) || room <= 0) return -EAGAIN;
    const data = memory(address, Math.min(count, room)).slice(), { length } = data;
    Atomics.add(state, link.SENDING, length);
    tell({ kind: 'write', number, data }, [data.buffer]); // from here on the bytes are the other thread's
    return length;
  },
  read(number, address, count) {
    const ring = sockets.get(number);
    if (!ring) return -EBADF;
    const ended = Atomics.load(ring.words, link.ENDED), failure = Atomics.load(ring.words, link.FAILURE);
    const taken = ring.take(memory(address, count)); // after the flags: bytes that came before the end are there
    if (taken) {
      tell({ kind: 'taken', number });
      return taken;
    }
    return failure ? -failure : ended ? 0 : -EAGAIN;
  },
  // Waits until the socket can be read (or written); 0, or minus ETIMEDOUT.
  wait(number, writing, ms) {
    const ring = sockets.get(number);
    if (!ring) return -EBADF;
    const state = ring.words;
    const ready = () => Atomics.load(state, link.FAILURE) || Atomics.load(state, link.ENDED) || (writing
      ? Atomics.load(state, link.CONNECTED) && Atomics.load(state, link.SENDING) < link.SENDING_BYTES_MAX
      : ring.waiting() > 0);
    return waitFor(ready, ms < 0 ? Infinity : ms) ? 0 : -ETIMEDOUT;
  },
  failure: (number) => Atomics.load(sockets.get(number).words, link.FAILURE),
  close(number) {
    sockets.delete(number);
    tell({ kind: 'close', number });
  },
  crashed(text) { tell({ kind: 'crash', text }); },
};

// --- the board -------------------------------------------------------------------------------------------------------

const mp = await loadVm({
  moduleFile: boot.module, wasm: boot.wasm, heapBytes: boot.heapBytes, print: (text) => tell({ kind: 'line', text }),
});
mp.registerJsModule('_host', host);
for (const [source, target] of boot.mounts) mount(mp, source, target);
mp.FS.mkdirTree(FLASH);
for (const [name, data] of boot.files) mp.FS.writeFile(`${FLASH}/${name}`, data);
mp.FS.chdir(FLASH);
if (boot.heapCapped) capHeap(mp);

function filesMark() {
  const rows = [];
  for (const name of mp.FS.readdir(FLASH)) {
    const stat = mp.FS.stat(`${FLASH}/${name}`);
    if (mp.FS.isFile(stat.mode)) rows.push(`${name} ${stat.size} ${Number(stat.mtime)}`);
  }
  return rows.join('\n');
}

let filesSeen = filesMark();
function reportFiles() {
  const mark = filesMark();
  if (mark === filesSeen) return;
  filesSeen = mark;
  const names = mp.FS.readdir(FLASH).filter((name) => mp.FS.isFile(mp.FS.stat(`${FLASH}/${name}`).mode));
  tell({ kind: 'files', files: names.map((name) => [name, mp.FS.readFile(`${FLASH}/${name}`)]) });
}

function answerQuestions() {
  for (let packet; (packet = receiveMessageOnPort(questions));) {
    const { number, text } = packet.message;
    mp.globals.set('_question', text);
    mp.runPython('_board.collect()'); // so that what is asked of the heap is what is alive
    mp.runPython('_answer = _board.answer(_question)');
    tell({ kind: 'answer', number, text: mp.globals.get('_answer') });
  }
}

mp.runPython(`
import sys
sys.path[:] = ['${boot.modules}', '/firmware/lib', '/firmware', '/lib']
import _board
_board.prepare()
`);
mp.runPython('_board.start()');
mp.runPython('_step = _board.step');
const step = mp.globals.get('_step');
tell({ kind: 'running' });

while (!resetCause && !Atomics.load(control, link.STOPPING)) {
  const seen = Atomics.load(control, link.WAKE);
  answerQuestions();
  let waitMs = Infinity;
  if (!Atomics.load(control, link.FROZEN)) {
    waitMs = step();
    reportFiles();
    if (waitMs < 0) waitMs = Infinity; // the firmware's loop never began
  }
  if (!resetCause) Atomics.wait(control, link.WAKE, seen, Math.max(GAP_MS, waitMs));
}
if (!resetCause) mp.runPython('_board.stop()');
tell({ kind: 'end', resetCause });
