// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)

package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/cilium/ebpf/perf"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"
)

// Waits for events, as ../wait_protocol.ts tells; they are emitted by ../emit.c on another CPU. This version of the library
// waits for as long as nothing comes, and does not give out what lies below the watermark. So a second goroutine emits
// events of its own once none has come for a while: they wake the reader, and are known by their sequence.

const (
	timeOffset    = 4 // ../fill.bpf.c struct fill_event, from category on
	recordBytes   = 48
	flushSequence = 1 << 40 // of the events that only wake; above that of any other
	lookInterval  = 50 * time.Millisecond
	idleLooks     = 20  // so many looks without an event, and the rest was lost
	seenPerStore  = 32  // the second goroutine is told of every so many events
	flushEvents   = 100 // at least so many, and those that a watermark takes
)

// waitConfig is what the arguments say; see ../wait_protocol.ts, WaitConfig.
type waitConfig struct {
	config
	watermarkBytes int
}

// next returns the next event from its category on, when there is one.
type next func() ([]byte, error)

// waiting is a block under way.
type waiting struct {
	generator *generator
	next      next
	flush     int    // events that are sure to wake the reader
	flushes   uint64 // so far, this block's included
	seen      uint64 // stored now and then
	active    uint32 // whether a block is under way
}

func runWait(args []string) error {
	config, program, err := readWaitConfig(args)
	if err != nil {
		return err
	}
	runtime.LockOSThread()
	if err := pin(config.consumerCPU); err != nil {
		return fmt.Errorf("Cannot pin the peer to its CPU: %w", err)
	}
	generator, err := loadGenerator(config.config, program)
	if err != nil {
		return err
	}
	next, err := openNext(args[0], config, generator)
	if err != nil {
		return err
	}
	info, err := generator.program.Info()
	if err != nil {
		return fmt.Errorf("Cannot ask for the generator's number: %w", err)
	}
	id, _ := info.ID()
	w := &waiting{generator: generator, next: next, flush: flushEvents + config.watermarkBytes/recordBytes}
	go w.flushWhenIdle()
	answer(map[string]any{"program": id})
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var events, samples uint64
		if _, err := fmt.Sscanf(lines.Text(), "wait %d %d", &events, &samples); err != nil {
			return fmt.Errorf("Cannot understand the request: %w", err)
		}
		if err := w.block(events, samples); err != nil {
			return fmt.Errorf("Cannot read the ring: %w", err)
		}
	}
	return nil
}

// block reads so many events, or those that come before one that only wakes.
func (w *waiting) block(events, capacity uint64) error {
	samples := make([]int64, 0, capacity)
	var seen, sum uint64
	flushed := flushSequence * (atomic.LoadUint64(&w.flushes) + 1)
	start, cpuStart := monotonicNs(), threadNs()
	atomic.StoreUint64(&w.seen, 0)
	atomic.StoreUint32(&w.active, 1)
	for seen < events {
		payload, err := w.next()
		if err != nil {
			return err
		}
		sequence := binary.LittleEndian.Uint64(payload[sequenceOffset:])
		if sequence >= flushSequence {
			if sequence >= flushed {
				break
			}
			continue // of a block before
		}
		if seen++; seen%seenPerStore == 0 {
			atomic.StoreUint64(&w.seen, seen)
		}
		if uint64(len(samples)) < capacity {
			samples = append(samples, monotonicNs()-int64(binary.LittleEndian.Uint64(payload[timeOffset:])))
		}
		sum += sequence + uint64(binary.LittleEndian.Uint32(payload[valueOffset:]))
	}
	ns, cpuNs := monotonicNs()-start, threadNs()-cpuStart
	atomic.StoreUint32(&w.active, 0)
	answer(map[string]any{
		"events": seen, "check": uint32(sum), "ns": ns, "cpuNs": cpuNs, "wakeups": nil, "samples": samples,
	})
	return nil
}

// flushWhenIdle wakes the reader of a block that gets no more events.
func (w *waiting) flushWhenIdle() {
	var last uint64
	idle := 0
	for range time.Tick(lookInterval) {
		seen := atomic.LoadUint64(&w.seen)
		if atomic.LoadUint32(&w.active) == 0 || seen != last {
			last, idle = seen, 0
			continue
		}
		if idle++; idle < idleLooks {
			continue
		}
		idle = 0
		sequence := flushSequence * atomic.AddUint64(&w.flushes, 1)
		if _, err := w.generator.emit(w.flush, 0, sequence); err != nil {
			answer(map[string]any{"error": err.Error()})
			os.Exit(1)
		}
	}
}

// openNext opens the reader of perf rings, or else that of BPF ring buffers.
func openNext(ring string, config waitConfig, generator *generator) (next, error) {
	if ring == "perf" {
		options := perf.ReaderOptions{Watermark: config.watermarkBytes}
		reader, err := perf.NewReaderWithOptions(generator.collection.Maps["events"], config.ringBytes, options)
		if err != nil {
			return nil, fmt.Errorf("Cannot open the perf reader: %w", err)
		}
		var record perf.Record
		return func() ([]byte, error) {
			for {
				if err := reader.ReadInto(&record); err != nil {
					return nil, err
				}
				// What was lost is known to the one that emits.
				if record.LostSamples == 0 {
					return record.RawSample, nil
				}
			}
		}, nil
	}
	reader, err := ringbuf.NewReader(generator.collection.Maps["ring"])
	if err != nil {
		return nil, fmt.Errorf("Cannot open the ring buffer's reader: %w", err)
	}
	var record ringbuf.Record
	return func() ([]byte, error) {
		if err := reader.ReadInto(&record); err != nil {
			return nil, err
		}
		return record.RawSample[4:], nil // struct event begins with its size
	}, nil
}

func readWaitConfig(args []string) (waitConfig, string, error) {
	var numbers [5]int
	if len(args) != 3+len(numbers) {
		return waitConfig{}, "", fmt.Errorf("Cannot read the arguments: expected %d, there are %d", 3+len(numbers), len(args))
	}
	for i := range numbers {
		number, err := strconv.Atoi(args[2+i])
		if err != nil {
			return waitConfig{}, "", fmt.Errorf("Cannot read the arguments: %w", err)
		}
		numbers[i] = number
	}
	if numbers[3] != 0 {
		return waitConfig{}, "", errors.New("Cannot be woken by a number of events: this version of cilium/ebpf counts bytes")
	}
	if args[7] != "epoll" {
		return waitConfig{}, "", fmt.Errorf("Cannot wait by %s: the readers of cilium/ebpf use epoll", args[7])
	}
	program := "fill_perf"
	if args[0] == "ringbuf" {
		program = "wake_ringbuf"
	}
	return waitConfig{
		config: config{
			object:       args[1],
			producerCPU:  numbers[0],
			consumerCPU:  numbers[1],
			ringBytes:    numbers[2],
			payloadBytes: 32,
			payloadSteps: 1,
			handlers:     1,
		},
		watermarkBytes: numbers[4],
	}, program, nil
}

// threadNs is the CPU time of the calling thread, the one that reads.
func threadNs() int64 {
	var now unix.Timespec
	unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now)
	return now.Nano()
}
