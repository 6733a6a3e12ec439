// Kernel modules, in the order in which the kit has numbered them.
package main

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

const finitModule = 313 // of x86-64

// loadModules loads all files of a folder by name, and removes them: they lie in memory.
func loadModules(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("modules: %w", err)
	}
	for _, entry := range entries {
		path := folder + "/" + entry.Name()
		if err := loadModule(path); err != nil && err != syscall.EEXIST {
			return fmt.Errorf("module %s: %w", entry.Name(), err)
		}
		os.Remove(path)
	}
	return nil
}

func loadModule(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	none := []byte{0}
	_, _, number := syscall.Syscall(finitModule, file.Fd(), uintptr(unsafe.Pointer(&none[0])), 0)
	if number != 0 {
		return number
	}
	return nil
}
