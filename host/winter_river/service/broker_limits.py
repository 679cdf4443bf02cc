"""The limits both brokers of ours keep, so that a site behaves the same on either."""

# chosen: sixteen times the largest message of the contract, and still small beside a board's free memory
PACKET_BYTES_MAX = 16_384
CONNECTIONS_MAX = 4_000  # chosen: a thousand nodes, each seen twice while it reconnects, and as many viewers
INFLIGHT_MAX = 1_000  # chosen: a second of 500 nodes that publish twice; QoS 1 messages on the way to one client
QUEUED_MAX = 10_000  # chosen: what 24 nodes say in half an hour; QoS 1 messages kept for one absent client
QUEUED_BYTES_MAX = 10 * 1024 * 1024  # chosen: QUEUED_MAX messages of the contract's largest size
# chosen: a client whose buffers, megabytes of them, stay full that long is frozen; the embedded broker delivers to
# nobody else while more than QUEUED_MAX messages wait for it
SLOW_CLIENT_S_MAX = 2.0
CLIENT_ID_LENGTH_MAX = 256  # chosen: MQTT 3.1.1 lets a broker take more than 23, and stock tools send more
QUEUED_BEFORE_CONNECT_MAX = 100  # packets a client may send before its CONNECT is answered
