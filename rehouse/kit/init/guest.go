// The service of this guest: started, started again when it ends, and ended when it shall.
package main

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

type guest struct {
	config       *Config
	console      *console
	user         identity
	env          map[string]string
	capabilities []uintptr
	confinement  func(job func())
	processes    *processes
	group        int
	nothing      *os.File
	said         chan struct{} // closed when all that the service has said is on the console
	pause        backoff
}

func newGuest(config *Config, console *console) (*guest, error) {
	g := &guest{config: config, console: console, processes: newProcesses()}
	var err error
	if g.user, err = resolveUser(root, config.User); err != nil {
		return nil, err
	}
	if g.capabilities, err = capabilityNumbers(config.Capabilities); err != nil {
		return nil, err
	}
	if g.confinement, err = confine(g.capabilities); err != nil {
		return nil, err
	}
	if g.group, err = newGroup(config.Pids); err != nil {
		return nil, fmt.Errorf("control group: %w", err)
	}
	g.env = environment(config, g.user)
	g.nothing, err = os.OpenFile("/dev/null", os.O_RDWR, 0)
	return g, err
}

// environment adds what every container finds, where the configuration does not say otherwise.
func environment(config *Config, user identity) map[string]string {
	env := map[string]string{"PATH": usualPath, "HOME": user.home, "HOSTNAME": config.Hostname}
	for name, value := range config.Env {
		env[name] = value
	}
	return env
}

// keepRunning returns when it was asked to stop, and nothing of the service is left.
func (g *guest) keepRunning(stop <-chan struct{}) {
	for {
		began := time.Now()
		how, stopped := g.runOnce(stop)
		killGroup()
		g.hearOut()
		if stopped {
			g.console.say("the service has stopped: %s", how)
			return
		}
		pause := g.pause.next(time.Since(began))
		g.console.say("the service has ended: %s; again in %s", how, pause)
		select {
		case <-stop:
			return
		case <-time.After(pause):
		}
	}
}

// runOnce returns how it ended, and whether it was asked to.
func (g *guest) runOnce(stop <-chan struct{}) (string, bool) {
	pid, ended, err := g.start()
	if err != nil {
		return "it does not start: " + err.Error(), false
	}
	select {
	case status := <-ended:
		return wordsOf(status), false
	case <-stop:
		return g.end(pid, ended), true
	}
}

func (g *guest) start() (int, <-chan syscall.WaitStatus, error) {
	if err := refresh(g.config.Secrets, g.user); err != nil {
		return 0, nil, err
	}
	out, in, err := os.Pipe()
	if err != nil {
		return 0, nil, err
	}
	defer in.Close()
	in.Chown(int(g.user.uid), int(g.user.gid)) // it may open /dev/stdout by its name
	said := make(chan struct{})
	g.said = said
	go func() { g.console.copy(out); out.Close(); close(said) }()
	words := program{
		words: g.config.Entrypoint, env: g.env, dir: g.config.Workdir, as: g.user,
		files: [3]*os.File{g.nothing, in, in},
	}
	return g.processes.start(func() (int, error) { return g.fork(words) })
}

// hearOut waits for the service's last words, which are what one looks for.
func (g *guest) hearOut() {
	if g.said == nil {
		return // it has never started
	}
	select {
	case <-g.said:
	case <-time.After(time.Second):
	}
}

// end asks, waits for as long as the service was promised, and then does not ask.
func (g *guest) end(pid int, ended <-chan syscall.WaitStatus) string {
	number, _ := signalNamed(g.config.Stop.Signal)
	syscall.Kill(pid, number)
	select {
	case status := <-ended:
		return wordsOf(status)
	case <-time.After(g.config.Stop.patience()):
		return fmt.Sprintf("killed, it did not end within %s", g.config.Stop.patience())
	}
}

func wordsOf(status syscall.WaitStatus) string {
	if status.Signaled() {
		return fmt.Sprintf("signal %d, %s", status.Signal(), status.Signal())
	}
	return fmt.Sprintf("exit status %d", status.ExitStatus())
}
