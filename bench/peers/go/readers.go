// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)

package main

import (
	"fmt"

	"github.com/cilium/ebpf/perf"
	"github.com/cilium/ebpf/ringbuf"
)

// perfReader is cilium/ebpf's reader of perf rings. It opens a ring for each CPU, with a watermark of one byte.
type perfReader struct {
	reader *perf.Reader
	record perf.Record
}

func openPerf(config config, generator *generator) (reader, error) {
	opened, err := perf.NewReader(generator.collection.Maps["events"], config.ringBytes)
	if err != nil {
		return nil, fmt.Errorf("Cannot open the perf reader: %w", err)
	}
	return &perfReader{reader: opened}, nil
}

func (r *perfReader) consume(events int) error {
	for i := 0; i < events; i++ {
		if err := r.reader.ReadInto(&r.record); err != nil {
			return err
		}
		if r.record.LostSamples != 0 {
			return fmt.Errorf("%d samples were lost", r.record.LostSamples)
		}
		deliver(r.record.RawSample)
	}
	return nil
}

// ringbufReader is cilium/ebpf's reader of BPF ring buffers.
type ringbufReader struct {
	generator *generator
	reader    *ringbuf.Reader
	record    ringbuf.Record
}

func (r *ringbufReader) consume(events int) error {
	if r.reader == nil {
		// The generator wakes nobody, but an epoll set that the ring is added to while it holds events reports it. From then
		// on the reader never comes to the end of the ring, so it does not wait again.
		opened, err := ringbuf.NewReader(r.generator.collection.Maps["ring"])
		if err != nil {
			return err
		}
		r.reader = opened
	}
	for i := 0; i < events; i++ {
		if err := r.reader.ReadInto(&r.record); err != nil {
			return err
		}
		deliver(r.record.RawSample[4:]) // struct event begins with its size
	}
	return nil
}
