// Capabilities by name, and giving up all others for good.
package main

import (
	"fmt"
	"runtime"
	"strings"
	"syscall"
)

const (
	boundingDrop  = 24 // PR_CAPBSET_DROP
	noNewPrivs    = 38 // PR_SET_NO_NEW_PRIVS
	lastPossible  = 63
	everyCapacity = "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable " +
		"net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot " +
		"sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease " +
		"audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read " +
		"perfmon bpf checkpoint_restore"
)

// capabilityNumbers takes names like NET_BIND_SERVICE, with or without CAP_.
func capabilityNumbers(names []string) ([]uintptr, error) {
	numbers := []uintptr{}
	for _, name := range names {
		number := indexOf(strings.Fields(everyCapacity), strings.TrimPrefix(strings.ToLower(name), "cap_"))
		if number < 0 {
			return nil, fmt.Errorf("%q: there is none of that name", name)
		}
		numbers = append(numbers, uintptr(number))
	}
	return numbers, nil
}

// confine returns a function that runs others on a thread of which no child can ever get more than what is kept.
func confine(kept []uintptr) (func(job func()), error) {
	jobs, ready := make(chan func()), make(chan error)
	go func() {
		runtime.LockOSThread()
		ready <- giveUp(kept)
		for job := range jobs {
			job()
		}
	}()
	run := func(job func()) {
		done := make(chan struct{})
		jobs <- func() { job(); close(done) }
		<-done
	}
	return run, <-ready
}

func giveUp(kept []uintptr) error {
	for number := uintptr(0); number <= lastPossible; number++ {
		if indexOf(kept, number) >= 0 {
			continue
		}
		_, _, problem := syscall.RawSyscall(syscall.SYS_PRCTL, boundingDrop, number, 0)
		if problem == syscall.EINVAL {
			break // this kernel has no more
		}
		if problem != 0 {
			return fmt.Errorf("capability %d: %w", number, problem)
		}
	}
	if _, _, problem := syscall.RawSyscall6(syscall.SYS_PRCTL, noNewPrivs, 1, 0, 0, 0, 0); problem != 0 {
		return fmt.Errorf("no_new_privs: %w", problem)
	}
	return nil
}

func indexOf[T comparable](all []T, wanted T) int {
	for index, each := range all {
		if each == wanted {
			return index
		}
	}
	return -1
}
