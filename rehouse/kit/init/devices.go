// The few devices that a service sees: those of a container, and no disk.
package main

import (
	"fmt"
	"os"
	"syscall"
)

var devices = map[string]int{ // minor, all of the memory's major but the last
	"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9,
}

var links = map[string]string{
	"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1",
	"stderr": "/proc/self/fd/2", "ptmx": "pts/ptmx",
}

func fillDevices(folder string) error {
	for name, minor := range devices {
		if err := device(folder+"/"+name, 1, minor); err != nil {
			return err
		}
	}
	if err := device(folder+"/tty", 5, 0); err != nil {
		return err
	}
	for name, target := range links {
		os.Symlink(target, folder+"/"+name)
	}
	return mountDevices(folder)
}

func device(path string, major, minor int) error {
	if err := syscall.Mknod(path, syscall.S_IFCHR|0o666, major<<8|minor); err != nil {
		return fmt.Errorf("device %s: %w", path, err)
	}
	return os.Chmod(path, 0o666)
}

func mountDevices(folder string) error {
	os.Mkdir(folder+"/pts", 0o755)
	os.Mkdir(folder+"/shm", 0o755)
	os.Mkdir(folder+"/mqueue", 0o755)
	const noExec = syscall.MS_NOSUID | syscall.MS_NOEXEC
	return mountAll([]mount{
		{"devpts", folder + "/pts", "devpts", noExec, "newinstance,ptmxmode=0666,mode=0620,gid=5"},
		{"mqueue", folder + "/mqueue", "mqueue", inert, ""},
	})
}
