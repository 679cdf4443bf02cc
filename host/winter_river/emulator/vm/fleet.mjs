// Many boards in one process: `node fleet.mjs`, a thread for each; this, the main thread, owns their sockets.
//
// Frames on stdin and stdout: kind (1 byte), board (2 bytes), length (4 bytes), payload; little endian.
//   in:  C settings of all, first      B a board {name, seed, files, screen_address}
//        1 power on  0 cut the power   F freeze  T thaw    P press {pin, hold_ms}
//        Q question {number, text}     S stop all in good order and end
//   out: O power {powered, running, boots, cause}   I I2C write to the screen     L line of the console
//        X a crash's traceback               A answer {number, text}
// The end of stdin ends the process: nobody is left who could want it.
import dns from 'node:dns';
import net from 'node:net';
import os from 'node:os';
import { MessageChannel, Worker } from 'node:worker_threads';
import * as link from './link.mjs';
import { compileVm } from './vm.mjs';

const HEAD_BYTES = 7;
const WATCHDOG_LOOK_MS = 500;
const CLOSE_MS_MAX = 1000; // chosen: what a socket gets to deliver its last bytes
const STOP_MS_MAX = 3000;
const LOOKUP_MS_MAX = 5000;
const FAILED_MS = 5000; // chosen: a VM that broke down feeds no watchdog; a board's would take longer to notice
const RESET_CAUSES = { power_on: 1, hard: 2, watchdog: 3, soft: 5 }; // numbers of the ESP32 port
const EIO = 5;
// Node's words to the numbers of the ESP32's newlib and lwIP.
const ERRNO = {
  ECONNREFUSED: 111, ECONNRESET: 104, ETIMEDOUT: 116, EHOSTUNREACH: 118, ENETUNREACH: 118, EPIPE: 32,
};

let settings = null, wasm = null;
const boards = new Map(); // number -> Board
const bootQueue = [];
let booting = 0;

function send(kind, board, payload) {
  const body = Buffer.from(payload);
  const head = Buffer.alloc(HEAD_BYTES);
  head.write(kind);
  head.writeUInt16LE(board, 1);
  head.writeUInt32LE(body.length, 3);
  process.stdout.write(Buffer.concat([head, body]));
}

// One TCP connection of a board; what it receives goes into the ring that the board's thread reads.
class Connection {
  constructor(board, block) {
    this.ring = new link.Ring(block);
    this.kept = []; // received, for a ring that was full
    this.closed = false;
    this.wake = () => { if (!this.closed) link.wake(board.control); };
    this.socket = new net.Socket();
    this.socket.setNoDelay(true);
    this.socket.on('connect', () => this.set(link.CONNECTED, 1));
    this.socket.on('data', (data) => { this.kept.push(data); this.deliver(); });
    this.socket.on('end', () => { this.isEnding = true; this.deliver(); });
    this.socket.on('close', () => { this.isEnding = true; this.deliver(); });
    this.socket.on('error', (error) => this.set(link.FAILURE, ERRNO[error.code] ?? EIO));
  }

  set(word, value) {
    Atomics.store(this.ring.words, word, value);
    this.wake();
  }

  deliver() {
    while (this.kept.length) {
      const stored = this.ring.store(this.kept[0]);
      if (stored < this.kept[0].length) {
        this.kept[0] = this.kept[0].subarray(stored);
        break;
      }
      this.kept.shift();
    }
    if (this.kept.length) this.socket.pause(); // TCP holds back the rest
    else if (this.isEnding) Atomics.store(this.ring.words, link.ENDED, 1);
    else this.socket.resume();
    this.wake();
  }

  write(data) {
    this.socket.write(data, () => {
      Atomics.sub(this.ring.words, link.SENDING, data.length);
      this.wake();
    });
  }

  close() { // what was written still goes out
    this.closed = true;
    this.socket.end();
    this.socket.resume();
    setTimeout(() => this.socket.destroy(), CLOSE_MS_MAX).unref();
  }

  abort() { // what the far end sees of a board that loses its power
    this.closed = true;
    this.socket.resetAndDestroy();
  }
}

class Board {
  constructor(number, { name, seed, files, screen_address: screenAddress }) {
    Object.assign(this, { number, name, seed, screenAddress, boots: 0, worker: null, powered: false, isRunning: false });
    this.files = Object.entries(files).map(([file, text]) => [file, Buffer.from(text)]);
    this.connections = new Map();
  }

  powerOn(cause = 'power_on') {
    if (this.powered && cause === 'power_on') return;
    this.powered = true;
    this.cause = cause;
    this.boots += 1;
    this.control = new Int32Array(new SharedArrayBuffer(link.CONTROL_BYTES));
    this.channel = new MessageChannel(); // what is asked before the board runs waits in it
    this.channel.port1.unref();
    this.tellPower();
    bootQueue.push(this);
    bootNext();
  }

  boot() {
    const questions = this.channel.port2;
    const worker = new Worker(new URL('./board.mjs', import.meta.url), {
      workerData: {
        shared: this.control.buffer,
        questions,
        boot: {
          ...settings, wasm, name: this.name, seed: this.seed, number: this.boots, files: this.files,
          screenAddress: this.screenAddress, resetCause: RESET_CAUSES[this.cause],
        },
      },
      transferList: [questions],
      resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 32, codeRangeSizeMb: 4, stackSizeMb: 2 },
    });
    this.worker = worker;
    // A thread that was ended may have messages on their way: they are of another boot.
    worker.on('message', (message) => { if (this.worker === worker) this.on(message); });
    worker.on('error', (error) => {
      send('X', this.number, String(error.stack ?? error));
      if (this.worker === worker) setTimeout(() => { if (this.worker === worker) this.restart('watchdog'); }, FAILED_MS);
    });
  }

  on(message) {
    const connection = this.connections.get(message.number);
    if (message.kind === 'i2c') send('I', this.number, message.data);
    else if (message.kind === 'write') connection?.write(message.data);
    else if (message.kind === 'taken') connection?.deliver();
    else if (message.kind === 'open') this.connections.set(message.number, new Connection(this, message.block));
    else if (message.kind === 'connect') connection?.socket.connect(message.port, message.address);
    else if (message.kind === 'close') {
      connection?.close();
      this.connections.delete(message.number);
    } else if (message.kind === 'lookup') this.lookup(message);
    else if (message.kind === 'line') send('L', this.number, message.text);
    else if (message.kind === 'crash') send('X', this.number, message.text);
    else if (message.kind === 'answer') send('A', this.number, JSON.stringify(message));
    else if (message.kind === 'files') this.files = message.files;
    else if (message.kind === 'running') this.onRunning();
    else if (message.kind === 'end') this.onEnd(message.resetCause);
  }

  lookup({ name, block }) {
    let isOpen = true;
    const answer = (address) => {
      if (isOpen) link.writeAnswer(block, address);
      isOpen = false;
    };
    if (net.isIPv4(name)) return answer(name);
    setTimeout(answer, LOOKUP_MS_MAX, '').unref();
    return dns.lookup(name, 4, (error, address) => answer(error ? '' : address));
  }

  tellPower() {
    const { powered, isRunning, boots, cause } = this;
    send('O', this.number, JSON.stringify({ powered, running: isRunning, boots, cause }));
  }

  onRunning() {
    this.isRunning = true;
    this.tellPower();
    bootDone(this);
  }

  onEnd(resetCause) {
    if (resetCause) this.restart(resetCause);
    else this.powerOff((connection) => connection.close());
  }

  restart(cause) {
    this.dropWorker((connection) => connection.abort());
    this.powerOn(cause);
  }

  cutPower() { this.powerOff((connection) => connection.abort()); }

  powerOff(leave) {
    if (!this.powered) return;
    this.dropWorker(leave);
    this.powered = false;
    this.cause = '';
    this.tellPower();
    if (stopped) endWhenAllAreOff();
  }

  dropWorker(leave) {
    const at = bootQueue.indexOf(this);
    if (at >= 0) bootQueue.splice(at, 1);
    for (const connection of this.connections.values()) leave(connection);
    this.connections.clear();
    this.channel.port1.close();
    this.isRunning = false;
    const { worker } = this;
    this.worker = null;
    worker?.terminate();
    bootDone(this);
  }

  stop() {
    if (!this.powered) return;
    if (!this.isRunning) return void this.cutPower();
    Atomics.store(this.control, link.STOPPING, 1);
    link.wake(this.control);
  }

  freeze(frozen) {
    if (!this.powered) return;
    Atomics.store(this.control, link.FED_MS, link.nowMs());
    Atomics.store(this.control, link.FROZEN, frozen ? 1 : 0);
    link.wake(this.control);
  }

  press({ pin, hold_ms: holdMs }) {
    if (!this.powered) return;
    const { control } = this;
    const word = link.PINS_LOW + Math.floor(pin / link.PIN_BITS), bit = 1 << pin % link.PIN_BITS;
    Atomics.or(control, word, bit);
    link.wake(control);
    setTimeout(() => {
      Atomics.and(control, word, ~bit);
      link.wake(control);
    }, holdMs).unref();
  }

  ask(question) {
    if (!this.powered) return send('A', this.number, JSON.stringify({ ...question, text: 'the board is off' }));
    this.channel.port1.postMessage(question);
    return link.wake(this.control);
  }

  lookAtWatchdog() {
    if (!this.worker || Atomics.load(this.control, link.FROZEN)) return;
    const timeoutMs = Atomics.load(this.control, link.WATCHDOG_MS);
    if (timeoutMs && link.elapsedMs(Atomics.load(this.control, link.FED_MS)) > timeoutMs) this.restart('watchdog');
  }
}

// As many boards start at a time as there are processors: each compiles the firmware, which keeps one busy.
function bootNext() {
  while (wasm && bootQueue.length && booting < os.cpus().length) {
    const board = bootQueue.shift();
    booting += 1;
    board.isBooting = true;
    board.boot();
  }
}

function bootDone(board) {
  if (!board.isBooting) return;
  board.isBooting = false;
  booting -= 1;
  bootNext();
}

let stopped = false;

function stopAll() {
  stopped = true;
  for (const board of boards.values()) board.stop();
  setTimeout(() => process.exit(0), STOP_MS_MAX).unref();
  endWhenAllAreOff();
}

function endWhenAllAreOff() {
  if ([...boards.values()].some((board) => board.powered)) return;
  // Goodbyes may still be on their way out; a process that ends takes them with it.
  setTimeout(() => process.exit(0), CLOSE_MS_MAX / 10);
}

async function configure(given) {
  settings = given;
  wasm = await compileVm(settings.module);
  bootNext();
}

function obey(kind, number, body) {
  if (kind === 'C') configure(JSON.parse(body));
  else if (kind === 'S') stopAll();
  else if (kind === 'B') boards.set(number, new Board(number, JSON.parse(body)));
  else if (kind === '1') boards.get(number).powerOn();
  else if (kind === '0') boards.get(number).cutPower();
  else if (kind === 'F' || kind === 'T') boards.get(number).freeze(kind === 'F');
  else if (kind === 'P') boards.get(number).press(JSON.parse(body));
  else if (kind === 'Q') boards.get(number).ask(JSON.parse(body));
}

let incoming = Buffer.alloc(0);
process.stdin.on('data', (bytes) => {
  incoming = Buffer.concat([incoming, bytes]);
  while (incoming.length >= HEAD_BYTES && incoming.length >= HEAD_BYTES + incoming.readUInt32LE(3)) {
    const kind = String.fromCharCode(incoming[0]), number = incoming.readUInt16LE(1);
    const body = incoming.subarray(HEAD_BYTES, HEAD_BYTES + incoming.readUInt32LE(3));
    incoming = incoming.subarray(HEAD_BYTES + body.length);
    obey(kind, number, body);
  }
});
process.stdin.on('end', () => process.exit(0));
setInterval(() => { for (const board of boards.values()) board.lookAtWatchdog(); }, WATCHDOG_LOOK_MS);
