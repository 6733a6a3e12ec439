// What is said: by us and by the service, line by line, on the guest's console.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"unsafe"
)

const longestLine = 16 << 10 // a longer one is cut in two

type console struct {
	mutex sync.Mutex
	to    io.Writer
}

// openConsole takes what the kernel gave us, and lets it pass on bytes as they are.
func openConsole() *console {
	var terminal syscall.Termios
	if control(1, syscall.TCGETS, unsafe.Pointer(&terminal)) == nil {
		terminal.Oflag &^= syscall.OPOST
		terminal.Lflag &^= syscall.ECHO
		control(1, syscall.TCSETS, unsafe.Pointer(&terminal))
	}
	return &console{to: os.Stdout}
}

func (c *console) say(format string, words ...any) {
	c.line([]byte("rehouse: " + fmt.Sprintf(format, words...) + "\n"))
}

// copy passes on whole lines, so that two writers do not mix theirs; it returns when nobody writes any more.
func (c *console) copy(from io.Reader) {
	lines := bufio.NewReaderSize(from, longestLine)
	for {
		line, err := lines.ReadSlice('\n')
		if len(line) > 0 {
			if line[len(line)-1] != '\n' {
				line = append(line[:len(line):len(line)], '\n')
			}
			c.line(line)
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

func (c *console) line(text []byte) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.to.Write(text)
}

// showKernelErrors undoes loglevel=0 of the command line: what a kernel kills is worth a line.
func (c *console) showKernelErrors() {
	setKernel("kernel/printk", 4)
}

// mark leaves the moment in the kernel's log, where it can be seen beside the kernel's own.
func mark(moment string) {
	log, err := syscall.Open("/dev/kmsg", syscall.O_WRONLY|syscall.O_CLOEXEC, 0)
	if err == nil {
		syscall.Write(log, []byte("<6>rehouse: "+moment))
		syscall.Close(log)
	}
}

func setKernel(name string, value int) {
	os.WriteFile("/proc/sys/"+name, []byte(fmt.Sprint(value)), 0)
}

func control(file int, request uintptr, argument unsafe.Pointer) error {
	_, _, number := syscall.Syscall(syscall.SYS_IOCTL, uintptr(file), request, uintptr(argument))
	if number != 0 {
		return number
	}
	return nil
}
