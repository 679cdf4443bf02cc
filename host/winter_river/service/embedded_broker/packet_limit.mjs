// Watches the length of MQTT packets in a byte stream, so that an endless one is refused before it fills the memory.
// Fixed header of MQTT 3.1.1, section 2.2: one type byte, then the length in one to four bytes of seven bits each.

const LENGTH_BYTES_MAX = 4

export class PacketLimit {
  #bytesMax
  #bodyLeft = 0 // bytes of the current packet still to come
  #lengthBytes = -1 // length bytes read so far; -1: the type byte comes next
  #length = 0

  constructor (bytesMax) {
    this.#bytesMax = bytesMax
  }

  // Whether every packet that begins in this chunk, or goes on in it, stays within the limit.
  accepts (chunk) {
    let at = 0
    while (at < chunk.length) {
      if (this.#bodyLeft > 0) {
        const taken = Math.min(this.#bodyLeft, chunk.length - at)
        this.#bodyLeft -= taken
        at += taken
      } else if (this.#lengthBytes < 0) {
        this.#lengthBytes = 0
        this.#length = 0
        at += 1
      } else {
        const byte = chunk[at]
        this.#length += (byte & 0x7f) * 128 ** this.#lengthBytes
        this.#lengthBytes += 1
        at += 1
        if (this.#length > this.#bytesMax || this.#lengthBytes > LENGTH_BYTES_MAX) return false
        if ((byte & 0x80) === 0) {
          this.#bodyLeft = this.#length
          this.#lengthBytes = -1
        }
      }
    }
    return true
  }
}
