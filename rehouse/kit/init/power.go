// How this guest is told to stop, and its last moment.
package main

import (
	"encoding/binary"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// onOff goes on once, whoever turns it.
type onOff struct {
	on   chan struct{}
	once sync.Once
}

func newSwitch() *onOff { return &onOff{on: make(chan struct{})} }

func (s *onOff) turn() { s.once.Do(func() { close(s.on) }) }

// heedButtons hears the ACPI power button, which is a keyboard of one key.
func heedButtons(stop *onOff) {
	names, _ := filepath.Glob("/sys/class/input/event*/device/name")
	for _, name := range names {
		text, _ := os.ReadFile(name)
		if strings.Contains(string(text), "Power Button") {
			go heedButton("/dev/input/"+strings.Split(name, "/")[4], stop)
		}
	}
}

func heedButton(path string, stop *onOff) {
	button, err := os.Open(path)
	if err != nil {
		return
	}
	for event := make([]byte, 24); ; {
		if _, err := button.Read(event); err != nil {
			return
		}
		if isPowerKey(event) {
			stop.turn()
		}
	}
}

// isPowerKey knows a struct input_event: two times 8 bytes of time, type, code, value.
func isPowerKey(event []byte) bool {
	const isKey, power, pressed = 1, 116, 1
	little := binary.LittleEndian
	kind, code, value := little.Uint16(event[16:]), little.Uint16(event[18:]), little.Uint32(event[20:])
	return kind == isKey && code == power && value == pressed
}

// heedSignals hears Ctrl-Alt-Del, which the kernel tells the first process as SIGINT.
func heedSignals(stop *onOff) {
	syscall.Reboot(syscall.LINUX_REBOOT_CMD_CAD_OFF)
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGINT, syscall.SIGTERM)
	<-told
	stop.turn()
}

// powerOff does not return. Where there is no power switch the guest restarts, which its host takes for an end.
func powerOff(console *console) {
	const drain = 0x5409 // TCSBRK with 1: returns when all has been sent
	console.mutex.Lock()
	syscall.Sync()
	syscall.Syscall(syscall.SYS_IOCTL, 1, drain, 1)
	syscall.Reboot(syscall.LINUX_REBOOT_CMD_POWER_OFF)
	syscall.Reboot(syscall.LINUX_REBOOT_CMD_RESTART)
	time.Sleep(time.Hour)
}
