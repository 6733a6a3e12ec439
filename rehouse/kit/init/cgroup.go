// The service's control group: how many processes it may have, and the end of all of them at once.
package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

const (
	groups = "/cgroup"
	group  = groups + "/service"
)

// newGroup returns an open folder, in which new processes are born.
func newGroup(pids int) (int, error) {
	if err := mountAll([]mount{{"cgroup", groups, "cgroup2", inert, ""}}); err != nil {
		return 0, err
	}
	if err := os.WriteFile(groups+"/cgroup.subtree_control", []byte("+pids"), 0); err != nil {
		return 0, err
	}
	if err := os.Mkdir(group, 0o755); err != nil {
		return 0, err
	}
	if pids > 0 {
		if err := os.WriteFile(group+"/pids.max", []byte(fmt.Sprint(pids)), 0); err != nil {
			return 0, err
		}
	}
	return syscall.Open(group, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
}

// killGroup returns when nothing of the service is left, or when one does not die even of this.
func killGroup() {
	for patience := 0; populated() && patience < 500; patience++ {
		os.WriteFile(group+"/cgroup.kill", []byte("1"), 0)
		time.Sleep(10 * time.Millisecond)
	}
}

func populated() bool {
	events, _ := os.ReadFile(group + "/cgroup.events")
	return strings.Contains(string(events), "populated 1")
}
