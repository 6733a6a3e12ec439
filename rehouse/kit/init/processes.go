// Who has ended: the first process is told of every one, its own and those that lost their parents.
package main

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

type processes struct {
	mutex   sync.Mutex
	waiting map[int]chan syscall.WaitStatus
}

func newProcesses() *processes {
	all := &processes{waiting: map[int]chan syscall.WaitStatus{}}
	children := make(chan os.Signal, 1)
	signal.Notify(children, syscall.SIGCHLD)
	go func() {
		for range children {
			all.reap()
		}
	}()
	return all
}

// start returns the new process and where its end is told. It holds the lock: an end cannot be missed.
func (p *processes) start(fork func() (int, error)) (int, <-chan syscall.WaitStatus, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	pid, err := fork()
	if err != nil {
		return 0, nil, err
	}
	ended := make(chan syscall.WaitStatus, 1)
	p.waiting[pid] = ended
	return pid, ended, nil
}

func (p *processes) reap() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		if ended, known := p.waiting[pid]; known {
			ended <- status
			delete(p.waiting, pid)
		}
	}
}
