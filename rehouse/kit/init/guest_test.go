package main

import (
	"bytes"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Pauses double from 100 ms to a minute, and begin anew after ten good seconds.
func TestPauses(t *testing.T) {
	pause, found := backoff{}, []time.Duration{}
	for i := 0; i < 12; i++ {
		found = append(found, pause.next(time.Second))
	}
	if found[0] != 100*time.Millisecond || found[1] != 200*time.Millisecond || found[11] != time.Minute {
		t.Error(found)
	}
	if again := pause.next(10 * time.Second); again != 100*time.Millisecond {
		t.Error(again)
	}
}

// A signal is found by each of the names that people write.
func TestSignals(t *testing.T) {
	for name, number := range map[string]syscall.Signal{
		"SIGTERM": 15, "TERM": 15, "term": 15, "15": 15, "SIGUSR1": 10, "SIGWINCH": 28, "SIGRTMIN+3": 37, "RTMAX-1": 63,
	} {
		if found, err := signalNamed(name); err != nil || found != number {
			t.Errorf("%s: %d %v", name, found, err)
		}
	}
	for _, name := range []string{"", "SIG", "SIGNO", "0", "65", "RTMIN+99", "RTMINx"} {
		if found, err := signalNamed(name); err == nil {
			t.Errorf("%s: %d", name, found)
		}
	}
}

// Capabilities have the kernel's numbers.
func TestCapabilities(t *testing.T) {
	found, err := capabilityNumbers([]string{"CHOWN", "CAP_NET_BIND_SERVICE", "sys_admin", "CHECKPOINT_RESTORE"})
	if err != nil || !reflect.DeepEqual(found, []uintptr{0, 10, 21, 40}) {
		t.Error(found, err)
	}
}

// What the service says is passed on in whole lines, and the end of a line that it did not end is added.
func TestLines(t *testing.T) {
	var shown bytes.Buffer
	long := strings.Repeat("x", longestLine+1)
	(&console{to: &shown}).copy(strings.NewReader("one\ntwo\n" + long))
	wanted := "one\ntwo\n" + long[:longestLine] + "\nx\n"
	if shown.String() != wanted {
		t.Errorf("%.80q", shown.String())
	}
}

// The environment of a service has what every container has, and what it says itself is stronger.
func TestEnvironment(t *testing.T) {
	config := &Config{Hostname: "web", Env: map[string]string{"PATH": "/", "A": "b"}}
	found := listed(environment(config, identity{home: "/srv"}))
	if !reflect.DeepEqual(found, []string{"A=b", "HOME=/srv", "HOSTNAME=web", "PATH=/"}) {
		t.Error(found)
	}
}

// A program is found in the folders of PATH, through links that mean places in the image and not in the guest.
func TestFind(t *testing.T) {
	root := rootWith(t, map[string]string{"run": "", "etc/data": ""})
	os.Chmod(root+"/etc/data", 0o644)
	os.Symlink("/", root+"/bin")
	os.Symlink("bin/run", root+"/go")
	os.Symlink("loop", root+"/loop")
	for name, wanted := range map[string]string{
		"/any": "/any", "./run": "/srv/run", "run": "/bin/run", "go": "/bin/go", "data": "", "loop": "", "none": "",
	} {
		found, err := find(root, name, "/srv", "/none:/bin:/etc")
		if found != wanted || (err == nil) != (wanted != "") {
			t.Errorf("%s: %s %v", name, found, err)
		}
	}
}

// A folder of ours above the image has the mode of the image's own, and a missing workdir is made.
func TestSkeleton(t *testing.T) {
	image, skeleton := rootWith(t, nil), t.TempDir()
	os.Chmod(image+"/etc", 0o711)
	config := &Config{Hostname: "web", Workdir: "/srv/data", MachineID: "0a"}
	if err := writeSkeleton(config, image, skeleton); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{"etc": 0o711, "tmp": 0o777, "srv/data": 0o755} {
		if info, err := os.Stat(skeleton + "/" + path); err != nil || info.Mode().Perm() != mode {
			t.Error(path, info, err)
		}
	}
	if text, _ := os.ReadFile(skeleton + "/etc/machine-id"); string(text) != "0a\n" {
		t.Error(string(text))
	}
}

// A card is found by its address, whatever the case of it.
func TestCard(t *testing.T) {
	folder := t.TempDir()
	for name, mac := range map[string]string{"lo": "00:00:00:00:00:00", "eth0": "52:54:00:00:00:0a"} {
		os.Mkdir(folder+"/"+name, 0o755)
		os.WriteFile(folder+"/"+name+"/address", []byte(mac+"\n"), 0o644)
	}
	for mac, wanted := range map[string]string{"": "eth0", "52:54:00:00:00:0A": "eth0", "52:54:00:00:00:0b": ""} {
		if found, err := findCard(folder, mac); found != wanted || (err == nil) != (wanted != "") {
			t.Errorf("%s: %s %v", mac, found, err)
		}
	}
}

// The power button is a key press, and neither its release nor another key.
func TestPowerKey(t *testing.T) {
	event := func(kind, code, value byte) []byte {
		return append(make([]byte, 16), kind, 0, code, 0, value, 0, 0, 0)
	}
	if !isPowerKey(event(1, 116, 1)) || isPowerKey(event(1, 116, 0)) || isPowerKey(event(0, 116, 1)) || isPowerKey(event(1, 30, 1)) {
		t.Error("a power key is not known")
	}
}
