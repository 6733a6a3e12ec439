// What is mounted where: our own few, and the service's root, which looks as a container's does.
package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

const (
	root      = "/root"  // the service's
	image     = "/image" // its disk, as it is
	layers    = "/layers"
	skeleton  = layers + "/skeleton"
	inert     = syscall.MS_NOSUID | syscall.MS_NODEV | syscall.MS_NOEXEC
	readOnly  = syscall.MS_RDONLY
	anew      = syscall.MS_BIND | syscall.MS_REMOUNT | readOnly
	temporary = "mode=1777,size=64m"
)

type mount struct {
	source, target, kind string
	flags                uintptr
	options              string
}

func mountOwn() error {
	return mountAll([]mount{
		{"dev", "/dev", "devtmpfs", syscall.MS_NOSUID, ""},
		{"proc", "/proc", "proc", inert, ""},
		{"sys", "/sys", "sysfs", inert, ""},
	})
}

// mountRoot lays our few files over the image, so that they need no place in it.
func mountRoot(config *Config) error {
	disk := []mount{
		{"/dev/vda", image, "squashfs", readOnly | syscall.MS_NODEV, ""},
		{"layers", layers, "tmpfs", syscall.MS_NODEV, "mode=755"},
	}
	if err := mountAll(disk); err != nil {
		return err
	}
	if err := writeSkeleton(config, image, skeleton); err != nil {
		return err
	}
	if err := mountAll(append(overlay(config.ReadOnly), system()...)); err != nil {
		return err
	}
	mark("root mounted")
	return fillDevices(root + "/dev")
}

// overlay has no upper layer where the root is read-only: then nothing can remount it writable.
func overlay(readOnlyRoot bool) []mount {
	options := "lowerdir=" + skeleton + ":" + image
	if readOnlyRoot {
		return []mount{{"root", root, "overlay", readOnly | syscall.MS_NODEV, options}}
	}
	os.Mkdir(layers+"/upper", 0o755)
	os.Mkdir(layers+"/work", 0o755)
	options += ",upperdir=" + layers + "/upper,workdir=" + layers + "/work"
	return []mount{{"root", root, "overlay", syscall.MS_NODEV, options}}
}

// system is what Docker mounts too, with what it makes read-only or hides.
func system() []mount {
	mounts := []mount{
		{"proc", root + "/proc", "proc", inert, ""},
		{"sys", root + "/sys", "sysfs", inert | readOnly, ""},
		{"dev", root + "/dev", "tmpfs", syscall.MS_NOSUID | syscall.MS_NOEXEC, "mode=755,size=64k"},
	}
	for _, name := range []string{"bus", "fs", "irq", "sys", "sysrq-trigger"} {
		path := root + "/proc/" + name
		mounts = append(mounts, mount{path, path, "", syscall.MS_BIND, ""}, mount{"", path, "", anew | inert, ""})
	}
	for _, name := range []string{"kcore", "keys", "timer_list"} {
		mounts = append(mounts, mount{"/dev/null", root + "/proc/" + name, "", syscall.MS_BIND, ""})
	}
	return mounts
}

// refresh gives the service empty folders in memory, as each start of a container does.
func refresh(secrets map[string][]byte, owner identity) error {
	for _, folder := range []string{"/run/secrets", "/run", "/tmp", "/dev/shm"} {
		syscall.Unmount(root+folder, syscall.MNT_DETACH)
	}
	err := mountAll([]mount{
		{"run", root + "/run", "tmpfs", inert, "mode=755,size=16m"},
		{"tmp", root + "/tmp", "tmpfs", inert, temporary},
		{"shm", root + "/dev/shm", "tmpfs", inert, temporary},
	})
	if err != nil || len(secrets) == 0 {
		return err
	}
	return mountSecrets(root+"/run/secrets", secrets, owner)
}

func mountSecrets(folder string, secrets map[string][]byte, owner identity) error {
	os.Mkdir(folder, 0o755)
	if err := mountAll([]mount{{"secrets", folder, "tmpfs", inert, "mode=755"}}); err != nil {
		return err
	}
	if err := writeSecrets(folder, secrets, owner); err != nil {
		return err
	}
	return mountAll([]mount{{"", folder, "", anew | inert, ""}})
}

func mountAll(mounts []mount) error {
	for _, each := range mounts {
		err := syscall.Mount(each.source, each.target, each.kind, each.flags, each.options)
		if err != nil && !(err == syscall.ENOENT && strings.HasPrefix(each.target, root+"/proc/")) {
			return fmt.Errorf("mount %s: %w", each.target, err)
		}
	}
	return nil
}
