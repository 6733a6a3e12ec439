// What a host may ask: the part of QEMU's guest agent protocol that libvirt and we use.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"sort"
)

const (
	longestAsked = 4 << 20
	delimiter    = 0xFF // before it, what was said to somebody else
)

type request struct {
	Execute   string          `json:"execute"`
	Arguments json.RawMessage `json:"arguments"`
	ID        json.RawMessage `json:"id"`
}

type failure struct {
	Class string `json:"class"`
	Desc  string `json:"desc"`
}

type answer struct {
	Return any             `json:"return,omitempty"`
	Error  *failure        `json:"error,omitempty"`
	ID     json.RawMessage `json:"id,omitempty"`
}

type agent struct {
	commands map[string]func(arguments json.RawMessage) (any, error)
	stop     *onOff
}

// silence is returned by what is not answered.
type silence struct{}

// serveAgent ends where there is no port: the guest does without.
func serveAgent(guest *guest, stop *onOff, console *console) {
	line, err := openPort()
	if err != nil {
		console.say("%v", err)
		return
	}
	mark("agent listens")
	newAgent(newExecutor(guest), stop).serve(line)
}

func newAgent(executor *executor, stop *onOff) *agent {
	a := &agent{stop: stop}
	a.commands = map[string]func(json.RawMessage) (any, error){
		"guest-sync":           sync_,
		"guest-sync-delimited": sync_,
		"guest-ping":           func(json.RawMessage) (any, error) { return struct{}{}, nil },
		"guest-info":           func(json.RawMessage) (any, error) { return a.info(), nil },
		"guest-exec":           executor.execute,
		"guest-exec-status":    executor.status,
		"guest-shutdown":       func(json.RawMessage) (any, error) { stop.turn(); return silence{}, nil },
	}
	return a
}

// serve returns when the line is at its end.
func (a *agent) serve(line io.ReadWriter) {
	reader := bufio.NewReaderSize(line, 64<<10)
	for {
		text, err := readLine(reader)
		if text = afterDelimiter(text); len(text) > 0 {
			line.Write(a.answer(text))
		}
		if err != nil {
			return
		}
	}
}

func (a *agent) answer(text []byte) []byte {
	var asked request
	if err := json.Unmarshal(text, &asked); err != nil {
		return encoded(answer{Error: &failure{"GenericError", "not JSON: " + err.Error()}}, false)
	}
	command, known := a.commands[asked.Execute]
	if !known {
		unknown := failure{"CommandNotFound", "The command " + asked.Execute + " has not been found"}
		return encoded(answer{Error: &unknown, ID: asked.ID}, false)
	}
	result, err := command(asked.Arguments)
	if err != nil {
		return encoded(answer{Error: &failure{"GenericError", err.Error()}, ID: asked.ID}, false)
	}
	if result == (silence{}) {
		return nil
	}
	return encoded(answer{Return: result, ID: asked.ID}, asked.Execute == "guest-sync-delimited")
}

func sync_(arguments json.RawMessage) (any, error) {
	var wanted struct {
		ID json.Number `json:"id"`
	}
	err := json.Unmarshal(arguments, &wanted)
	return wanted.ID, err
}

func (a *agent) info() any {
	type command struct {
		Name    string `json:"name"`
		Enabled bool   `json:"enabled"`
		Answers bool   `json:"success-response"`
	}
	supported := []command{}
	for name := range a.commands {
		supported = append(supported, command{name, true, name != "guest-shutdown"})
	}
	sort.Slice(supported, func(i, j int) bool { return supported[i].Name < supported[j].Name })
	return map[string]any{"version": "rehouse", "supported_commands": supported}
}

func encoded(what answer, delimited bool) []byte {
	text, err := json.Marshal(what)
	if err != nil {
		text, _ = json.Marshal(answer{Error: &failure{"GenericError", err.Error()}})
	}
	if delimited {
		text = append([]byte{delimiter}, text...)
	}
	return append(text, '\n')
}

// readLine drops what is longer than anybody may ask.
func readLine(reader *bufio.Reader) ([]byte, error) {
	var text []byte
	for {
		part, err := reader.ReadSlice('\n')
		if len(text)+len(part) <= longestAsked {
			text = append(text, part...)
		}
		if err != bufio.ErrBufferFull {
			return text, err
		}
	}
}

func afterDelimiter(text []byte) []byte {
	return bytes.TrimSpace(text[bytes.LastIndexByte(text, delimiter)+1:])
}
