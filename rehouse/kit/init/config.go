// What this guest shall be, and the form in which it is written on the configuration disk.
package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"path"
	"strings"
	"time"
)

const (
	magic       = "REHOUSE1"
	longestJSON = 16 << 20
)

// Config is the JSON of the configuration disk. An unknown key is an error: it is a promise we would not keep.
type Config struct {
	Instance     string            `json:"instance"`
	Generation   string            `json:"generation"`
	Hostname     string            `json:"hostname"`
	MachineID    string            `json:"machine_id"`
	Address      netip.Prefix      `json:"address"`
	Gateway      netip.Addr        `json:"gateway"`
	Nameservers  []netip.Addr      `json:"nameservers"` // the gateway where there are none
	MAC          string            `json:"mac"`         // the first card where it is empty
	Entrypoint   []string          `json:"entrypoint"`
	User         string            `json:"user"`
	Workdir      string            `json:"workdir"`
	Env          map[string]string `json:"env"`
	Secrets      map[string][]byte `json:"secrets"` // base64
	ReadOnly     bool              `json:"read_only"`
	Capabilities []string          `json:"capabilities"` // without CAP_
	Pids         int               `json:"pids"`         // 0: as many as there is memory for
	Stop         Stop              `json:"stop"`
}

// Stop is how the service is asked to end.
type Stop struct {
	Signal string  `json:"signal"`
	Grace  float64 `json:"grace"` // seconds
}

func (s Stop) patience() time.Duration { return time.Duration(s.Grace * float64(time.Second)) }

// parseDisk reads magic, length and JSON from the begin of a disk.
func parseDisk(disk io.Reader) (*Config, error) {
	head := make([]byte, len(magic)+8)
	if _, err := io.ReadFull(disk, head); err != nil {
		return nil, fmt.Errorf("configuration disk: %w", err)
	}
	length := binary.BigEndian.Uint64(head[len(magic):])
	if string(head[:len(magic)]) != magic || length > longestJSON {
		return nil, errors.New("configuration disk: not one of ours")
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(disk, text); err != nil {
		return nil, fmt.Errorf("configuration disk: %w", err)
	}
	return parseConfig(text)
}

func parseConfig(text []byte) (*Config, error) {
	config := &Config{Workdir: "/", Stop: Stop{Signal: "SIGTERM", Grace: 10}}
	reader := json.NewDecoder(bytes.NewReader(text))
	reader.DisallowUnknownFields()
	if err := reader.Decode(config); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	if config.Workdir == "" {
		config.Workdir = "/"
	}
	return config, config.check()
}

func (c *Config) check() error {
	if len(c.Entrypoint) == 0 {
		return errors.New("configuration: entrypoint: nothing to run")
	}
	if !path.IsAbs(c.Workdir) {
		return fmt.Errorf("configuration: workdir: %q does not begin with /", c.Workdir)
	}
	if _, err := signalNamed(c.Stop.Signal); err != nil {
		return fmt.Errorf("configuration: stop.signal: %w", err)
	}
	if _, err := capabilityNumbers(c.Capabilities); err != nil {
		return fmt.Errorf("configuration: capabilities: %w", err)
	}
	return c.checkNames()
}

func (c *Config) checkNames() error {
	for name := range c.Secrets {
		if name == "" || strings.HasPrefix(name, ".") || strings.Contains(name, "/") {
			return fmt.Errorf("configuration: secrets: %q is no file name", name)
		}
	}
	if c.Address.IsValid() && !(c.Address.Addr().Is4() && c.Gateway.Is4()) {
		return errors.New("configuration: address and gateway: both of them, and IPv4")
	}
	return nil
}
