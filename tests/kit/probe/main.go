// A program inside a guest that looks around, for the tests: no image of theirs has a shell.
package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

var looks = map[string]func(words []string){
	"cat":   func(words []string) { fmt.Print(read(words[0])) },
	"touch": func(words []string) { report(os.WriteFile(words[0], nil, 0o644)) },
	"list":  list,
	"head":  head,
	"node":  node,
	"env":   func([]string) { fmt.Println(strings.Join(os.Environ(), "\n")) },
	"where": where,
	"echo":  func([]string) { io.Copy(os.Stdout, os.Stdin) },
	"fork":  fork,
	"deaf":  deaf,
	"sleep": func([]string) { time.Sleep(time.Hour) },
	"kill":  func([]string) { syscall.Kill(os.Getpid(), syscall.SIGKILL) },
	"exit":  func([]string) { os.Exit(7) },
}

func main() {
	looks[os.Args[1]](os.Args[2:])
}

func read(path string) string {
	text, err := os.ReadFile(path)
	report(err)
	return string(text)
}

func report(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func head(words []string) {
	file, err := os.Open(words[0])
	report(err)
	_, err = file.Read(make([]byte, 512))
	report(err)
}

func node(words []string) {
	number, err := strconv.Atoi(words[1])
	report(err)
	report(syscall.Mknod(words[0], syscall.S_IFBLK|0o600, number))
}

func list(words []string) {
	entries, err := os.ReadDir(words[0])
	report(err)
	for _, entry := range entries {
		info, err := entry.Info()
		report(err)
		owner := info.Sys().(*syscall.Stat_t)
		fmt.Println(entry.Name(), info.Mode(), owner.Uid, owner.Gid)
	}
}

func where([]string) {
	folder, _ := os.Getwd()
	groups, _ := os.Getgroups()
	fmt.Println(folder, os.Getuid(), os.Getgid(), groups)
}

// fork has as many children as it is allowed to, says how many, and ends them.
func fork([]string) {
	for count := 0; ; count++ {
		child := exec.Command("/probe", "sleep")
		if err := child.Start(); err != nil {
			fmt.Println(count, err)
			return
		}
		defer child.Process.Kill()
	}
}

// deaf does not hear that it shall end.
func deaf([]string) {
	signal.Ignore(syscall.SIGTERM)
	fmt.Println("deaf")
	time.Sleep(time.Hour)
}
