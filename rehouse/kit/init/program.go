// A program inside the service's root: found as a shell finds it, started with what the service may.
package main

import (
	"errors"
	"fmt"
	"os"
	"path"
	"sort"
	"strings"
	"syscall"
)

const usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

type program struct {
	words []string // the first one by path, or looked for in PATH
	env   map[string]string
	dir   string
	as    identity
	files [3]*os.File
}

// fork starts it. The kernel checks again, as the user, whether it may be run.
func (g *guest) fork(p program) (pid int, err error) {
	place, err := find(root, p.words[0], p.dir, p.env["PATH"])
	if err != nil {
		return 0, err
	}
	how := &syscall.ProcAttr{Dir: p.dir, Env: listed(p.env), Sys: g.confined(p.as)}
	for _, file := range p.files {
		how.Files = append(how.Files, file.Fd())
	}
	g.confinement(func() { pid, err = syscall.ForkExec(place, p.words, how) })
	if err != nil {
		return 0, fmt.Errorf("%s: %w", place, err)
	}
	return pid, nil
}

func (g *guest) confined(who identity) *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{
		Chroot:      root,
		Credential:  &syscall.Credential{Uid: who.uid, Gid: who.gid, Groups: who.groups},
		Setsid:      true,
		UseCgroupFD: true,
		CgroupFD:    g.group,
	}
	if who.uid != 0 {
		attributes.AmbientCaps = g.capabilities // root has those of its bounding set anyway
	}
	return attributes
}

// find returns a path inside the root. A folder of PATH that is a link is followed by nobody but the kernel.
func find(root, name, dir, folders string) (string, error) {
	if strings.Contains(name, "/") {
		if path.IsAbs(name) {
			return name, nil
		}
		return path.Join(dir, name), nil
	}
	for _, folder := range strings.Split(folders, ":") {
		place := path.Join("/", folder, name)
		if isProgram(root, place) {
			return place, nil
		}
	}
	return "", fmt.Errorf("%s: not found in PATH=%s", name, folders)
}

// isProgram looks with the eyes of the root: links in it, absolute ones too, lead to places in it.
func isProgram(root, place string) bool {
	for hops := 0; hops < 40; hops++ {
		resolved, again, err := step(root, place)
		if err != nil {
			return false
		}
		if !again {
			info, err := os.Stat(root + resolved)
			return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
		}
		place = resolved
	}
	return false
}

// step replaces the first link of a path by what it points to, and says whether there was one.
func step(root, place string) (string, bool, error) {
	parts := strings.Split(strings.Trim(place, "/"), "/")
	for index := range parts {
		here := "/" + strings.Join(parts[:index+1], "/")
		target, err := os.Readlink(root + here)
		if errors.Is(err, syscall.EINVAL) {
			continue // not a link
		}
		if err != nil {
			return "", false, err
		}
		if !path.IsAbs(target) {
			target = path.Join(path.Dir(here), target)
		}
		return path.Join(append([]string{target}, parts[index+1:]...)...), true, nil
	}
	return place, false, nil
}

func listed(env map[string]string) []string {
	lines := make([]string, 0, len(env))
	for name, value := range env {
		lines = append(lines, name+"="+value)
	}
	sort.Strings(lines)
	return lines
}
