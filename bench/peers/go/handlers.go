// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)

package main

import "encoding/binary"

// Behind the category, ../fill.bpf.c struct fill_event.
const (
	sequenceOffset = 12
	valueOffset    = 20
)

// sums is what a handler adds up.
type sums struct {
	u32s, u64s uint64
}

var (
	count    uint64
	own      [16]sums
	table    [16]func(payload []byte)
	handlers []func(payload []byte) // those of table that are in use
)

func init() {
	for category := range table {
		mine := &own[category]
		table[category] = func(payload []byte) {
			mine.u32s += uint64(binary.LittleEndian.Uint32(payload[valueOffset:]))
			mine.u64s += binary.LittleEndian.Uint64(payload[sequenceOffset:])
		}
	}
}

// deliver gives an event, from its category on, to its handler.
func deliver(payload []byte) {
	count++
	handlers[binary.LittleEndian.Uint32(payload)](payload)
}

// takeSums returns what was read since the last call: events, and the sum that all peers agree on.
func takeSums() (events uint64, check uint32) {
	for category := range own {
		check += uint32(own[category].u32s + own[category].u64s)
	}
	events, count, own = count, 0, [16]sums{}
	return events, check
}
