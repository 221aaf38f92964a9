// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)

// The peer in Go: cilium/ebpf's readers of perf rings and of BPF ring buffers, `perf` or `ringbuf` as its first argument;
// the others are those of every peer, and the protocol is told in ../protocol.ts. With `wait` in front it waits, see wait.go. As in the peers in C, a handler from a
// table reads one u32 and one u64 of each event; a reader's record is used again for every event.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// config is what the arguments say; see protocol.ts, PeerConfig.
type config struct {
	object                                string
	producerCPU, consumerCPU              int
	ringBytes, payloadBytes, payloadSteps int
	handlers, events                      int
}

// reader hands every event of a full ring to deliver.
type reader interface {
	// consume reads so many events, of which the ring has no fewer.
	consume(events int) error
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		answer(map[string]any{"error": err.Error()})
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) > 0 && args[0] == "wait" {
		return runWait(args[1:])
	}
	config, err := readConfig(args)
	if err != nil {
		return err
	}
	// The thread that reads must be the one that is pinned.
	runtime.LockOSThread()
	if err := pin(config.consumerCPU); err != nil {
		return fmt.Errorf("Cannot pin the peer to its CPU: %w", err)
	}
	generator, err := loadGenerator(config, "fill_"+args[0])
	if err != nil {
		return err
	}
	handlers = table[:config.handlers]
	reader, err := openReader(args[0], config, generator)
	if err != nil {
		return err
	}
	answer(map[string]any{"ready": true})
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var seed, fills uint64
		if _, err := fmt.Sscanf(lines.Text(), "block %d %d", &seed, &fills); err != nil {
			return fmt.Errorf("Cannot understand the request: %w", err)
		}
		if err := doBlock(config, generator, reader, seed, fills); err != nil {
			return err
		}
	}
	return nil
}

// openReader opens the reader of perf rings, or else that of BPF ring buffers.
func openReader(ring string, config config, generator *generator) (reader, error) {
	if ring == "perf" {
		return openPerf(config, generator)
	}
	return &ringbufReader{generator: generator}, nil
}

func doBlock(config config, generator *generator, reader reader, seed, fills uint64) error {
	begun := monotonicNs()
	var ns int64
	for i := uint64(0); i < fills; i++ {
		if err := generator.fill(seed, i*uint64(config.events)); err != nil {
			return err
		}
		start := monotonicNs()
		if err := reader.consume(config.events); err != nil {
			return fmt.Errorf("Cannot read the ring: %w", err)
		}
		ns += monotonicNs() - start
	}
	events, check := takeSums()
	answer(map[string]any{"events": events, "check": check, "ns": ns, "wholeNs": monotonicNs() - begun})
	return nil
}

func readConfig(args []string) (config, error) {
	var numbers [8]int
	if len(args) != 2+len(numbers) {
		return config{}, fmt.Errorf("Cannot read the arguments: expected %d, there are %d", 2+len(numbers), len(args))
	}
	for i := range numbers {
		number, err := strconv.Atoi(args[2+i])
		if err != nil {
			return config{}, fmt.Errorf("Cannot read the arguments: %w", err)
		}
		numbers[i] = number
	}
	if numbers[5] < 1 || numbers[5] > len(table) {
		return config{}, fmt.Errorf("Cannot deliver to %d handlers: this peer has 1 to %d", numbers[5], len(table))
	}
	if numbers[7] != 1 {
		return config{}, fmt.Errorf("Cannot read %d rings of one CPU: perf.Reader opens one for each", numbers[7])
	}
	return config{
		object:       args[1],
		producerCPU:  numbers[0],
		consumerCPU:  numbers[1],
		ringBytes:    numbers[2],
		payloadBytes: numbers[3],
		payloadSteps: numbers[4],
		handlers:     numbers[5],
		events:       numbers[6],
	}, nil
}

func answer(line map[string]any) {
	text, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}

func pin(cpu int) error {
	var set unix.CPUSet
	set.Set(cpu)
	return unix.SchedSetaffinity(0, &set)
}

func monotonicNs() int64 {
	var now unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &now)
	return now.Nano()
}
