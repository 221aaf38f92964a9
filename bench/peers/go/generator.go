// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)

package main

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
)

const (
	eventsPerRun = 2000 // interrupts are off during a run
	testRunOnCPU = 1    // <linux/bpf.h> BPF_F_TEST_RUN_ON_CPU
)

// request is struct fill_request of ../fill.bpf.c.
type request struct {
	Count, Sequence, Seed, Categories, PayloadBytes, PayloadSteps, WakeBytes uint64
}

// generator is ../fill.bpf.c, loaded.
type generator struct {
	config     config
	collection *ebpf.Collection
	program    *ebpf.Program
}

func loadGenerator(config config, name string) (*generator, error) {
	spec, err := ebpf.LoadCollectionSpec(config.object)
	if err != nil {
		return nil, fmt.Errorf("Cannot open the generator: %w", err)
	}
	// This version of the library knows the section raw_tp with a name behind it only.
	for _, program := range spec.Programs {
		program.Type = ebpf.RawTracepoint
	}
	spec.Maps["ring"].MaxEntries = uint32(config.ringBytes)
	collection, err := ebpf.NewCollection(spec)
	if err != nil {
		return nil, fmt.Errorf("Cannot load the generator: %w", err)
	}
	return &generator{config, collection, collection.Programs[name]}, nil
}

// fill makes the kernel fill the ring.
func (g *generator) fill(seed, sequence uint64) error {
	refused, err := g.emit(g.config.events, seed, sequence)
	if err == nil && refused != 0 {
		return errors.New("Cannot fill the ring: it has no room for all events")
	}
	return err
}

// emit makes the kernel emit events on the producer's CPU; a reader that waits is woken. It returns how many were refused.
func (g *generator) emit(events int, seed, sequence uint64) (refused uint32, err error) {
	for done := 0; done < events; {
		count := events - done
		if count > eventsPerRun {
			count = eventsPerRun
		}
		result, err := g.program.Run(&ebpf.RunOptions{
			Context: request{
				Count:        uint64(count),
				Sequence:     sequence + uint64(done),
				Seed:         seed,
				Categories:   uint64(g.config.handlers),
				PayloadBytes: uint64(g.config.payloadBytes),
				PayloadSteps: uint64(g.config.payloadSteps),
				WakeBytes:    1,
			},
			Flags: testRunOnCPU,
			CPU:   uint32(g.config.producerCPU),
		})
		if err != nil {
			return 0, fmt.Errorf("Cannot run the generator: %w", err)
		}
		refused += result
		done += count
	}
	return refused, nil
}
