// Programs that the host runs inside the service's root, and what they have said.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
)

const mostOutput = 1 << 20 // bytes of each stream; the rest is dropped and said to be

// launcher starts a program and says how its end is told.
type launcher func(program) (int, <-chan syscall.WaitStatus, error)

type executor struct {
	mutex  sync.Mutex
	root   string
	launch launcher
	base   program
	known  map[int]*execution
}

// execution is complete when its program has ended and nobody writes any more.
type execution struct {
	done     chan struct{}
	status   syscall.WaitStatus
	captures bool
	out, err capture
}

type execArguments struct {
	Path    string          `json:"path"`
	Arg     []string        `json:"arg"`
	Env     []string        `json:"env"`
	Input   []byte          `json:"input-data"`
	Capture json.RawMessage `json:"capture-output"`
	User    *string         `json:"user"` // ours: somebody else than the service's user
}

func newExecutor(g *guest) *executor {
	launch := func(p program) (int, <-chan syscall.WaitStatus, error) {
		return g.processes.start(func() (int, error) { return g.fork(p) })
	}
	base := program{env: g.env, dir: g.config.Workdir, as: g.user}
	return &executor{root: root, launch: launch, base: base, known: map[int]*execution{}}
}

func (e *executor) execute(arguments json.RawMessage) (any, error) {
	var asked execArguments
	if err := json.Unmarshal(arguments, &asked); err != nil {
		return nil, err
	}
	what, err := e.programOf(asked)
	if err != nil {
		return nil, err
	}
	pid, err := e.run(what, asked)
	return map[string]int{"pid": pid}, err
}

func (e *executor) programOf(asked execArguments) (program, error) {
	what := e.base
	if asked.Path == "" {
		return what, errors.New("path: nothing to run")
	}
	what.words = append([]string{asked.Path}, asked.Arg...)
	what.env = map[string]string{}
	for name, value := range e.base.env {
		what.env[name] = value
	}
	for _, line := range asked.Env {
		name, value, _ := strings.Cut(line, "=")
		what.env[name] = value
	}
	var err error
	if asked.User != nil {
		what.as, err = resolveUser(e.root, *asked.User)
	}
	return what, err
}

func (e *executor) run(what program, asked execArguments) (int, error) {
	run := &execution{done: make(chan struct{})}
	var err error
	if run.captures, err = captures(asked.Capture); err != nil {
		return 0, err
	}
	streams, err := newStreams(what.as)
	if err != nil {
		return 0, err
	}
	what.files = streams.theirs
	pid, ended, err := e.launch(what)
	closeAll(streams.theirs[:])
	if err != nil {
		closeAll(streams.ours[:])
		return 0, err
	}
	e.mutex.Lock()
	e.known[pid] = run
	e.mutex.Unlock()
	go func() {
		streams.flow(asked.Input, run)
		run.status = <-ended
		close(run.done)
	}()
	return pid, nil
}

func captures(wanted json.RawMessage) (bool, error) {
	switch text := string(wanted); text {
	case "true", `"separated"`:
		return true, nil
	case "", "false", "null", `"none"`:
		return false, nil
	default:
		return false, fmt.Errorf("capture-output: %s: true, false, separated or none", text)
	}
}

// status tells the end of each program once, and then knows nothing of it, as QEMU's own agent.
func (e *executor) status(arguments json.RawMessage) (any, error) {
	var asked struct {
		PID int `json:"pid"`
	}
	if err := json.Unmarshal(arguments, &asked); err != nil {
		return nil, err
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	run, known := e.known[asked.PID]
	if !known {
		return nil, fmt.Errorf("pid %d: not one of ours, or told already", asked.PID)
	}
	select {
	case <-run.done:
		delete(e.known, asked.PID)
		return run.words(), nil
	default:
		return map[string]any{"exited": false}, nil
	}
}

func (r *execution) words() map[string]any {
	words := map[string]any{"exited": true}
	if r.status.Signaled() {
		words["signal"] = int(r.status.Signal())
	} else {
		words["exitcode"] = r.status.ExitStatus()
	}
	if r.captures {
		r.out.tell(words, "out")
		r.err.tell(words, "err")
	}
	return words
}

// streams are the pipes of one program: our ends and its.
type streams struct{ ours, theirs [3]*os.File }

func newStreams(who identity) (streams, error) {
	var made streams
	for index := range made.ours {
		reader, writer, err := os.Pipe()
		if err != nil {
			closeAll(append(made.ours[:], made.theirs[:]...))
			return made, err
		}
		made.ours[index], made.theirs[index] = reader, writer
		if index == 0 {
			made.ours[index], made.theirs[index] = writer, reader
		}
		made.theirs[index].Chown(int(who.uid), int(who.gid))
	}
	return made, nil
}

// flow returns when nobody holds the other ends any more.
func (s streams) flow(input []byte, run *execution) {
	go func() { s.ours[0].Write(input); s.ours[0].Close() }()
	var both sync.WaitGroup
	both.Add(2)
	go func() { io.Copy(&run.out, s.ours[1]); s.ours[1].Close(); both.Done() }()
	go func() { io.Copy(&run.err, s.ours[2]); s.ours[2].Close(); both.Done() }()
	both.Wait()
}

func closeAll(files []*os.File) {
	for _, file := range files {
		if file != nil {
			file.Close()
		}
	}
}

type capture struct {
	kept      bytes.Buffer
	truncated bool
}

func (c *capture) Write(text []byte) (int, error) {
	room := mostOutput - c.kept.Len()
	c.kept.Write(text[:min(room, len(text))])
	c.truncated = c.truncated || len(text) > room
	return len(text), nil
}

func (c *capture) tell(words map[string]any, name string) {
	if c.kept.Len() > 0 {
		words[name+"-data"] = c.kept.Bytes()
	}
	if c.truncated {
		words[name+"-truncated"] = true
	}
}
