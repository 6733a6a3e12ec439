// The agent's line to the host: a port of virtio-serial.
package main

import (
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const portName = "org.qemu.guest_agent.0"

// port reads again where nobody listens on the other side: a host comes and goes.
type port struct {
	file  int
	awake chan os.Signal
}

// openPort waits until the port is announced, which comes some time after its driver.
func openPort() (*port, error) {
	for patience := 0; patience < 500; patience++ {
		if path := findPort("/sys/class/virtio-ports"); path != "" {
			return listen(path)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil, errors.New("agent: this guest has no port " + portName)
}

func findPort(folder string) string {
	names, _ := filepath.Glob(folder + "/*/name")
	for _, name := range names {
		text, _ := os.ReadFile(name)
		if strings.TrimSpace(string(text)) == portName {
			return "/dev/" + filepath.Base(filepath.Dir(name))
		}
	}
	return ""
}

// listen has the kernel signal when somebody connects, so that an idle guest is idle.
func listen(path string) (*port, error) {
	file, err := syscall.Open(path, syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	awake := make(chan os.Signal, 1)
	signal.Notify(awake, syscall.SIGIO)
	syscall.Syscall(syscall.SYS_FCNTL, uintptr(file), syscall.F_SETOWN, uintptr(os.Getpid()))
	syscall.Syscall(syscall.SYS_FCNTL, uintptr(file), syscall.F_SETFL, syscall.O_RDWR|syscall.O_ASYNC)
	return &port{file, awake}, nil
}

func (p *port) Read(into []byte) (int, error) {
	for {
		count, err := syscall.Read(p.file, into)
		if count > 0 {
			return count, nil
		}
		if err != nil && err != syscall.EINTR && err != syscall.EAGAIN {
			return 0, err
		}
		p.wait()
	}
}

func (p *port) Write(text []byte) (int, error) {
	written := 0
	for written < len(text) {
		count, err := syscall.Write(p.file, text[written:])
		if err != nil && err != syscall.EINTR && err != syscall.EAGAIN {
			return written, err
		}
		written += max(count, 0)
	}
	return written, nil
}

func (p *port) wait() {
	select {
	case <-p.awake:
	case <-time.After(time.Second):
	}
}
