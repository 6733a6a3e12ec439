// Signals by name.
package main

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
)

const everySignal = "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP " +
	"TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS"

// signalNamed takes SIGTERM, TERM, 15, and RTMIN+3 of those that have no name of their own.
func signalNamed(name string) (syscall.Signal, error) {
	short := strings.TrimPrefix(strings.ToUpper(name), "SIG")
	if number, err := strconv.Atoi(short); err == nil && 0 < number && number <= 64 {
		return syscall.Signal(number), nil
	}
	if above, found := strings.CutPrefix(short, "RTMIN"); found {
		return realTime(name, 34, above)
	}
	if below, found := strings.CutPrefix(short, "RTMAX"); found {
		return realTime(name, 64, below)
	}
	if index := indexOf(strings.Fields(everySignal), short); index >= 0 {
		return syscall.Signal(index + 1), nil
	}
	return 0, fmt.Errorf("%q: there is none of that name", name)
}

func realTime(name string, from int, distance string) (syscall.Signal, error) {
	steps, err := 0, error(nil)
	if distance != "" {
		steps, err = strconv.Atoi(distance)
	}
	if number := from + steps; err == nil && 34 <= number && number <= 64 {
		return syscall.Signal(number), nil
	}
	return 0, fmt.Errorf("%q: there is none of that name", name)
}
