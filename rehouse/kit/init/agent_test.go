package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

var everybody = newProcesses()

// onThisMachine starts what an executor wants without any confinement.
func onThisMachine(p program) (int, <-chan syscall.WaitStatus, error) {
	path, err := exec.LookPath(p.words[0])
	if err != nil {
		return 0, nil, err
	}
	how := &syscall.ProcAttr{Env: listed(p.env), Dir: p.dir}
	for _, file := range p.files {
		how.Files = append(how.Files, file.Fd())
	}
	return everybody.start(func() (int, error) { return syscall.ForkExec(path, p.words, how) })
}

// host is the other side of an agent's line.
type host struct {
	t    *testing.T
	line net.Conn
	read *bufio.Reader
	stop *onOff
}

func newHost(t *testing.T) *host {
	theirs, ours := net.Pipe()
	me := identity{uid: uint32(os.Getuid()), gid: uint32(os.Getgid())}
	base := program{env: map[string]string{"PATH": os.Getenv("PATH"), "SEEN": "1"}, dir: "/", as: me}
	executor := &executor{root: "/nowhere", launch: onThisMachine, base: base, known: map[int]*execution{}}
	stop := newSwitch()
	go newAgent(executor, stop).serve(theirs)
	t.Cleanup(func() { ours.Close() })
	return &host{t, ours, bufio.NewReader(ours), stop}
}

func (h *host) ask(text string) string {
	h.line.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := h.line.Write([]byte(text + "\n")); err != nil {
		h.t.Fatal(err)
	}
	answer, err := h.read.ReadString('\n')
	if err != nil {
		h.t.Fatal(err)
	}
	return strings.TrimSuffix(answer, "\n")
}

func (h *host) expect(text, wanted string) {
	h.t.Helper()
	if found := h.ask(text); found != wanted {
		h.t.Errorf("%s: %s", text, found)
	}
}

func (h *host) run(arguments string) map[string]any {
	var begun struct{ Return struct{ PID json.Number } }
	json.Unmarshal([]byte(h.ask(`{"execute": "guest-exec", "arguments": `+arguments+`}`)), &begun)
	for {
		var status struct{ Return map[string]any }
		asked := `{"execute": "guest-exec-status", "arguments": {"pid": ` + begun.Return.PID.String() + `}}`
		if err := json.Unmarshal([]byte(h.ask(asked)), &status); err != nil || status.Return == nil {
			h.t.Fatal(err, begun)
		}
		if status.Return["exited"] == true {
			return status.Return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// libvirt first makes sure that it is understood, and that no answer to somebody else lies in between.
func TestSync(t *testing.T) {
	h := newHost(t)
	h.expect(`{"execute": "guest-sync", "arguments": {"id": 1234567890123}}`, `{"return":1234567890123}`)
	h.expect(`{"exec`+"\xff"+`{"execute": "guest-sync-delimited", "arguments": {"id": 7}}`, "\xff"+`{"return":7}`)
	h.expect(`{"execute": "guest-ping", "id": "x"}`, `{"return":{},"id":"x"}`)
}

// Nonsense is answered, and what is asked after it too.
func TestNonsense(t *testing.T) {
	h := newHost(t)
	for _, text := range []string{`nonsense`, `[]`, `{"execute": "guest-fly"}`, `{"execute": "guest-exec"}`,
		`{"execute": "guest-exec", "arguments": {"path": ""}}`, `{"execute": "guest-exec", "arguments": {"path": "none"}}`,
		`{"execute": "guest-exec-status", "arguments": {"pid": 1}}`,
		`{"execute": "guest-exec", "arguments": {"path": "true", "user": "nobody-knows"}}`} {
		if found := h.ask(text); !strings.Contains(found, `"error"`) {
			t.Errorf("%s: %s", text, found)
		}
	}
	if found := h.ask(strings.Repeat("x", longestAsked+1)); !strings.Contains(found, `"error"`) {
		t.Error(found)
	}
	h.expect(`{"execute": "guest-ping"}`, `{"return":{}}`)
}

// It says what it can do, so that a caller need not try.
func TestInfo(t *testing.T) {
	found := newHost(t).ask(`{"execute": "guest-info"}`)
	for _, name := range []string{"guest-exec", "guest-exec-status", "guest-shutdown", "guest-sync-delimited"} {
		if !strings.Contains(found, `{"name":"`+name+`","enabled":true`) {
			t.Error(name, found)
		}
	}
}

// A program gets its input, arguments and environment, and its two outputs and exit code come back apart.
func TestExecution(t *testing.T) {
	input := base64.StdEncoding.EncodeToString([]byte("typed"))
	script := `cat; echo $SEEN $MORE >&2; exit 3`
	status := newHost(t).run(`{"path":"sh","arg":["-c","` + script + `"],"env":["MORE=a=b"],"input-data":"` + input +
		`","capture-output":true}`)
	out, _ := base64.StdEncoding.DecodeString(status["out-data"].(string))
	err, _ := base64.StdEncoding.DecodeString(status["err-data"].(string))
	if string(out) != "typed" || string(err) != "1 a=b\n" || status["exitcode"] != 3.0 {
		t.Error(status)
	}
}

// A program that a signal has ended has no exit code; output that nobody wants is not kept.
func TestSignalled(t *testing.T) {
	status := newHost(t).run(`{"path":"sh","arg":["-c","echo x; kill -9 $$"]}`)
	if status["signal"] != 9.0 || status["exitcode"] != nil || status["out-data"] != nil {
		t.Error(status)
	}
}

// More output than the guest has room for is cut off, and said to be.
func TestMuchOutput(t *testing.T) {
	status := newHost(t).run(`{"path":"head","arg":["-c","1100000","/dev/zero"],"capture-output":true}`)
	out, _ := base64.StdEncoding.DecodeString(status["out-data"].(string))
	if len(out) != mostOutput || status["out-truncated"] != true {
		t.Error(len(out), status["out-truncated"])
	}
}

// The end of a program is told once.
func TestToldOnce(t *testing.T) {
	h := newHost(t)
	pid := strings.TrimSuffix(strings.TrimPrefix(h.ask(`{"execute":"guest-exec","arguments":{"path":"true"}}`), `{"return":{"pid":`), `}}`)
	asked := `{"execute":"guest-exec-status","arguments":{"pid":` + pid + `}}`
	found := h.ask(asked)
	for ; strings.Contains(found, `"exited":false`); found = h.ask(asked) {
		time.Sleep(10 * time.Millisecond)
	}
	if found != `{"return":{"exitcode":0,"exited":true}}` || !strings.Contains(h.ask(asked), "error") {
		t.Error(found)
	}
}

// A host that wants the guest to stop gets no answer, and its wish.
func TestShutdown(t *testing.T) {
	h := newHost(t)
	h.line.Write([]byte(`{"execute": "guest-shutdown", "arguments": {"mode": "powerdown"}}` + "\n"))
	select {
	case <-h.stop.on:
	case <-time.After(10 * time.Second):
		t.Error("it goes on")
	}
}
