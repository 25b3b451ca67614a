"""Names of the counters an Ethernet port can report.

The simulated port counts nothing, so they are known to the menu and absent from its records, as
they are on a virtual machine's port that has no such hardware.
"""

COUNTERS = tuple(
    """
custom-drop-packet driver-rx-byte driver-rx-packet driver-tx-byte driver-tx-packet
fc-fec-block-corrected fc-fec-block-uncorrected fc-fec-rx-block policy-drop-packet rs-fec-codewords
rs-fec-corrected rs-fec-symbol-error rs-fec-uncorrected rx-1024-1518 rx-1024-max rx-128-255
rx-1519-max rx-256-511 rx-512-1023 rx-64 rx-65-127 rx-align-error rx-broadcast rx-bytes
rx-carrier-error rx-code-error rx-control rx-drop rx-error-events rx-fcs-error rx-fragment
rx-ip-header-checksum-error rx-jabber rx-length-error rx-multicast rx-overflow rx-packet rx-pause
rx-tcp-checksum-error rx-too-long rx-too-short rx-udp-checksum-error rx-unicast rx-unknown-op
tx-1024-1518 tx-1024-max tx-128-255 tx-1519-max tx-256-511 tx-512-1023 tx-64 tx-65-127 tx-broadcast
tx-bytes tx-carrier-sense-error tx-collision tx-control tx-deferred tx-drop tx-drop-byte
tx-drop-packet tx-drop-queue0-byte tx-drop-queue0-packet tx-drop-queue1-byte tx-drop-queue1-packet
tx-drop-queue2-byte tx-drop-queue2-packet tx-drop-queue3-byte tx-drop-queue3-packet
tx-drop-queue4-byte tx-drop-queue4-packet tx-drop-queue5-byte tx-drop-queue5-packet
tx-drop-queue6-byte tx-drop-queue6-packet tx-drop-queue7-byte tx-drop-queue7-packet
tx-excessive-collision tx-excessive-deferred tx-fcs-error tx-fragment tx-jabber tx-late-collision
tx-multicast tx-multiple-collision tx-packet tx-pause tx-pause-honored tx-queue-custom0-drop-byte
tx-queue-custom0-drop-packet tx-queue-custom1-drop-byte tx-queue-custom1-drop-packet tx-queue0-byte
tx-queue0-packet tx-queue1-byte tx-queue1-packet tx-queue2-byte tx-queue2-packet tx-queue3-byte
tx-queue3-packet tx-queue4-byte tx-queue4-packet tx-queue5-byte tx-queue5-packet tx-queue6-byte
tx-queue6-packet tx-queue7-byte tx-queue7-packet tx-rx-1024-1518 tx-rx-1024-max tx-rx-128-255
tx-rx-1519-max tx-rx-256-511 tx-rx-512-1023 tx-rx-64 tx-rx-65-127 tx-single-collision tx-too-long
tx-too-short tx-total-collision tx-underrun tx-unicast
""".split()
)
