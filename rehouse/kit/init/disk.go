// The configuration disk: read once, then gone for this guest until it boots again.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const configDisk = "vdb"

func readConfig() (*Config, error) {
	disk, err := openSoon("/dev/" + configDisk)
	if err != nil {
		return nil, fmt.Errorf("configuration disk: %w", err)
	}
	config, err := parseDisk(disk)
	disk.Close()
	if err != nil {
		return nil, err
	}
	return config, detach(configDisk)
}

// openSoon waits a little: a disk on a slow bus is found after its driver was loaded.
func openSoon(path string) (*os.File, error) {
	for patience := 0; ; patience++ {
		file, err := os.Open(path)
		if err == nil || patience == 500 {
			return file, err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// detach takes the card out of its slot. Where the bus has no slots the driver lets go of the disk.
func detach(disk string) error {
	device, err := filepath.EvalSymlinks("/sys/block/" + disk + "/device")
	if err != nil {
		return fmt.Errorf("configuration disk: %w", err)
	}
	err = os.WriteFile(filepath.Dir(device)+"/remove", []byte("1"), 0)
	if os.IsNotExist(err) {
		err = os.WriteFile(device+"/driver/unbind", []byte(filepath.Base(device)), 0)
	}
	if err != nil {
		return fmt.Errorf("configuration disk: it stays readable: %w", err)
	}
	return nil
}
