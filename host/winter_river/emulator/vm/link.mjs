// What a board's thread and the main thread share: words of control, and a ring of received bytes for each socket.
//
// The main thread owns the sockets and stores what comes; the board's thread reads it without asking, and sleeps on
// WAKE until there is something to do. So a blocking call of Python blocks its own board and nothing else.

// Words of a board's control block. Pins are low where a bit is set: what drives them is outside the board.
export const WAKE = 0, STOPPING = 1, FROZEN = 2, PINS_LOW = 3 /* two words */, WATCHDOG_MS = 5, FED_MS = 6;
export const CONTROL_BYTES = 7 * 4;

// Words at the head of a socket's block; the ring follows.
export const CONNECTED = 0, FAILURE = 1, ENDED = 2, READ = 3, WRITTEN = 4, SENDING = 5;
const HEAD_BYTES = 6 * 4;
const RING_BYTES = 1 << 14; // as many unread bytes as an ESP32's lwIP would hold back, and then some
export const SOCKET_BYTES = HEAD_BYTES + RING_BYTES;
export const SENDING_BYTES_MAX = 5744; // lwIP's send buffer on an ESP32 (CONFIG_LWIP_TCP_SND_BUF_DEFAULT)

export const PIN_BITS = 32;
const MS_MASK = 0x3fffffff;

// Milliseconds that all threads count alike, as a word; elapsedMs copes with their wrapping.
export const nowMs = () => Number(process.hrtime.bigint() / 1000000n) & MS_MASK;
export const elapsedMs = (sinceMs) => (nowMs() - sinceMs) & MS_MASK;

// A short text as the answer to somebody who sleeps on the block's first word: 1 more than the text's length.
const ANSWER_HEAD_BYTES = 4, ANSWER_TEXT_BYTES = 60;
export const ANSWER_BYTES = ANSWER_HEAD_BYTES + ANSWER_TEXT_BYTES;

export function writeAnswer(block, text) {
  const bytes = Buffer.from(text).subarray(0, ANSWER_TEXT_BYTES);
  new Uint8Array(block, ANSWER_HEAD_BYTES).set(bytes);
  const head = new Int32Array(block, 0, 1);
  Atomics.store(head, 0, 1 + bytes.length);
  Atomics.notify(head, 0);
}

export function readAnswer(block) {
  const length = Atomics.load(new Int32Array(block, 0, 1), 0) - 1;
  return Buffer.from(new Uint8Array(block, ANSWER_HEAD_BYTES, length)).toString();
}

export function wake(control) {
  Atomics.add(control, WAKE, 1);
  Atomics.notify(control, WAKE);
}

// A socket's block as its words and its ring. READ and WRITTEN run to twice the ring's size: a full ring is no empty one.
export class Ring {
  constructor(shared) {
    this.words = new Int32Array(shared, 0, HEAD_BYTES / 4);
    this.bytes = new Uint8Array(shared, HEAD_BYTES);
  }

  waiting() {
    return (Atomics.load(this.words, WRITTEN) - Atomics.load(this.words, READ) + 2 * RING_BYTES) % (2 * RING_BYTES);
  }

  // Stores what there is room for; how many bytes that were.
  store(data) {
    const written = Atomics.load(this.words, WRITTEN), at = written % RING_BYTES;
    const count = Math.min(data.length, RING_BYTES - this.waiting());
    const first = Math.min(count, RING_BYTES - at);
    this.bytes.set(data.subarray(0, first), at);
    this.bytes.set(data.subarray(first, count), 0);
    Atomics.store(this.words, WRITTEN, (written + count) % (2 * RING_BYTES));
    return count;
  }

  // Moves at most target.length bytes out; how many that were.
  take(target) {
    const read = Atomics.load(this.words, READ), at = read % RING_BYTES;
    const count = Math.min(target.length, this.waiting());
    const first = Math.min(count, RING_BYTES - at);
    target.set(this.bytes.subarray(at, at + first), 0);
    target.set(this.bytes.subarray(0, count - first), first);
    Atomics.store(this.words, READ, (read + count) % (2 * RING_BYTES));
    return count;
  }
}
