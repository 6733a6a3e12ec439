// The guest's one address and its way out, without DHCP.
package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"unsafe"
)

// Of the kernel's headers, for what one ioctl takes.
type interfaceRequest struct {
	name [syscall.IFNAMSIZ]byte
	data [24]byte
}

type socketAddress struct {
	family, port uint16
	address      [4]byte
	_            [8]byte
}

type routeRequest struct {
	_                    uint64
	aim, gateway, mask   socketAddress
	flags                uint16
	_                    [3]uint16
	_                    [2]uint64
	metric               uint64
	device               uintptr
	mtu, window, timeout uint64
}

func raiseNetwork(config *Config) error {
	if err := syscall.Sethostname([]byte(config.Hostname)); err != nil {
		return fmt.Errorf("hostname: %w", err)
	}
	// As in a container: a service that is not root may listen on port 80.
	setKernel("net/ipv4/ip_unprivileged_port_start", 0)
	if !config.Address.IsValid() {
		return nil
	}
	card, err := findCard("/sys/class/net", config.MAC)
	if err != nil {
		return err
	}
	if err := assign(card, config.Address, config.Gateway); err != nil {
		return fmt.Errorf("network: %s on %s: %w", config.Address, card, err)
	}
	return nil
}

// findCard waits for none: its driver is loaded, so it is there.
func findCard(folder, mac string) (string, error) {
	cards, err := os.ReadDir(folder)
	if err != nil {
		return "", fmt.Errorf("network: %w", err)
	}
	for _, card := range cards {
		address, _ := os.ReadFile(folder + "/" + card.Name() + "/address")
		fits := mac == "" || strings.EqualFold(strings.TrimSpace(string(address)), mac)
		if card.Name() != "lo" && fits {
			return card.Name(), nil
		}
	}
	return "", fmt.Errorf("network: no card with the address %q", mac)
}

func assign(card string, address netip.Prefix, gateway netip.Addr) error {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(socket)
	// Others may still know this address by the card of the one who had it before.
	setKernel("net/ipv4/conf/"+card+"/arp_notify", 1)
	return errors.Join(
		raise(socket, "lo"),
		give(socket, card, syscall.SIOCSIFADDR, address.Addr()),
		give(socket, card, syscall.SIOCSIFNETMASK, maskOf(address)),
		raise(socket, card),
		routeBy(socket, gateway),
	)
}

func raise(socket int, card string) error {
	request := interfaceRequest{}
	copy(request.name[:], card)
	*(*uint16)(unsafe.Pointer(&request.data)) = syscall.IFF_UP | syscall.IFF_RUNNING
	return control(socket, syscall.SIOCSIFFLAGS, unsafe.Pointer(&request))
}

func give(socket int, card string, what uintptr, address netip.Addr) error {
	request := interfaceRequest{}
	copy(request.name[:], card)
	*(*socketAddress)(unsafe.Pointer(&request.data)) = inet(address)
	return control(socket, what, unsafe.Pointer(&request))
}

func routeBy(socket int, gateway netip.Addr) error {
	everywhere := inet(netip.IPv4Unspecified())
	request := routeRequest{aim: everywhere, gateway: inet(gateway), mask: everywhere}
	request.flags = syscall.RTF_UP | syscall.RTF_GATEWAY
	return control(socket, syscall.SIOCADDRT, unsafe.Pointer(&request))
}

func inet(address netip.Addr) socketAddress {
	return socketAddress{family: syscall.AF_INET, address: address.As4()}
}

func maskOf(address netip.Prefix) netip.Addr {
	bits := ^uint32(0) << (32 - address.Bits())
	return netip.AddrFrom4([4]byte{byte(bits >> 24), byte(bits >> 16), byte(bits >> 8), byte(bits)})
}
