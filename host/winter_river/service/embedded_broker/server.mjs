// The embedded MQTT broker: aedes on TCP and, when asked, on WebSocket. Started by broker_embedded.py as
//   node server.mjs '{"host": ..., "port": ..., "websocket_port": ... or null, "limits": {...}}'
// Anyone who reaches it may publish and subscribe: it listens on loopback unless the user asks for more.

import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'

import { Aedes } from 'aedes'
import { createWebSocketStream, WebSocketServer } from 'ws'

import { PacketLimit } from './packet_limit.mjs'

const settings = JSON.parse(process.argv[2])
const limits = settings.limits

const broker = await Aedes.createBroker({
  concurrency: limits.messages_in_flight_max,
  // A subscriber that does not read holds up the others until it is dropped.
  drainTimeout: limits.slow_client_ms_max,
  queueLimit: limits.queued_before_connect_max,
  maxClientsIdLength: limits.client_id_length_max
})
for (const event of ['clientError', 'connectionError']) {
  broker.on(event, (client, error) => console.error(`${event}: ${client?.id ?? 'unnamed'}: ${error.message}`))
}

function serve (stream, request) {
  if (broker.connectedClients >= limits.connections_max) {
    stream.destroy()
    return
  }
  const limit = new PacketLimit(limits.packet_bytes_max)
  const read = stream.read
  stream.read = size => {
    const chunk = read.call(stream, size)
    if (chunk === null || limit.accepts(chunk)) return chunk
    stream.destroy(new Error(`a packet of more than ${limits.packet_bytes_max} bytes`))
    return null
  }
  broker.handle(stream, request)
}

function listen (server, port) {
  server.on('error', error => {
    console.error(`cannot listen on ${settings.host}:${port}: ${error.message}`)
    process.exit(1)
  })
  server.listen(port, settings.host)
}

listen(createServer({ noDelay: true }, serve), settings.port)

if (settings.websocket_port !== null) {
  const http = createHttpServer((request, response) => response.writeHead(426).end('MQTT over WebSocket only\n'))
  const sockets = new WebSocketServer({
    server: http,
    maxPayload: limits.packet_bytes_max,
    perMessageDeflate: false,
    handleProtocols: offered => (offered.has('mqtt') ? 'mqtt' : false)
  })
  sockets.on('connection', (socket, request) => serve(createWebSocketStream(socket), request))
  sockets.on('error', () => {}) // the HTTP server beneath reports the same fault and ends the process
  listen(http, settings.websocket_port)
}
