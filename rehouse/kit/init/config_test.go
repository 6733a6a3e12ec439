package main

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"
)

const whole = `{"instance": "web-1-0", "generation": "web-1", "hostname": "web-1-0", "machine_id": "0a",
	"address": "10.0.0.5/24", "gateway": "10.0.0.1", "mac": "52:54:00:00:00:01", "entrypoint": ["/web", "-v"],
	"user": "1000:1000", "workdir": "/srv", "env": {"A": "b"}, "secrets": {"KEY": "AGI="}, "read_only": true,
	"capabilities": ["NET_BIND_SERVICE"], "pids": 64, "stop": {"signal": "SIGUSR1", "grace": 2.5}}`

func diskWith(text string) *bytes.Buffer {
	disk := bytes.NewBufferString(magic)
	binary.Write(disk, binary.BigEndian, uint64(len(text)))
	disk.WriteString(text)
	disk.Write(make([]byte, 512))
	return disk
}

// A configuration disk is read to its last key, and what follows it is not.
func TestWholeDisk(t *testing.T) {
	config, err := parseDisk(diskWith(whole))
	if err != nil {
		t.Fatal(err)
	}
	if config.Address.String() != "10.0.0.5/24" || string(config.Secrets["KEY"]) != "\x00b" {
		t.Error(config)
	}
	if config.Stop.patience() != 2500*time.Millisecond || config.Entrypoint[1] != "-v" {
		t.Error(config)
	}
}

// A guest without a network of its own needs no address.
func TestDefaults(t *testing.T) {
	config, err := parseConfig([]byte(`{"entrypoint": ["/web"]}`))
	if err != nil {
		t.Fatal(err)
	}
	if config.Workdir != "/" || config.Stop.Signal != "SIGTERM" || config.Stop.Grace != 10 {
		t.Error(config)
	}
}

// What cannot be kept is refused before anything starts, by the name of its key.
func TestRefused(t *testing.T) {
	for text, reason := range map[string]string{
		`{}`:                               "entrypoint",
		`{"entrypoint": ["/w"], "cpu": 1}`: "cpu",
		`{"entrypoint": ["/w"], "workdir": "srv"}`:             "workdir",
		`{"entrypoint": ["/w"], "stop": {"signal": "SIGX"}}`:   "stop.signal",
		`{"entrypoint": ["/w"], "capabilities": ["FLY"]}`:      "capabilities",
		`{"entrypoint": ["/w"], "secrets": {"../x": ""}}`:      "secrets",
		`{"entrypoint": ["/w"], "address": "10.0.0.5/24"}`:     "gateway",
		`{"entrypoint": ["/w"], "address": "fd00::1/64"}`:      "gateway",
		`{"entrypoint": ["/w"], "address": "ten.zero.zero.1"}`: "configuration",
	} {
		if _, err := parseConfig([]byte(text)); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Another disk in this slot, or one that was cut off, is not taken for a configuration.
func TestForeignDisk(t *testing.T) {
	for _, disk := range []*bytes.Buffer{
		bytes.NewBuffer(make([]byte, 512)),
		bytes.NewBufferString("short"),
		bytes.NewBuffer(diskWith(whole).Bytes()[:100]),
		bytes.NewBufferString(magic + "\xff\xff\xff\xff\xff\xff\xff\xff"),
	} {
		if config, err := parseDisk(disk); err == nil {
			t.Error(config)
		}
	}
}
