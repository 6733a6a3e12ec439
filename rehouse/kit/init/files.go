// The files of ours in the service's root: its names and addresses, and its secrets.
package main

import (
	"fmt"
	"net/netip"
	"os"
	"path"
	"strings"
	"syscall"
)

// writeSkeleton makes the layer above the image: our files, and each folder that something is mounted on.
func writeSkeleton(config *Config, image, skeleton string) error {
	if err := folderLike(image, skeleton, 0o755); err != nil {
		return err
	}
	folders := map[string]os.FileMode{
		"dev": 0o755, "etc": 0o755, "proc": 0o555, "run": 0o755, "sys": 0o555, "tmp": 0o1777,
	}
	for name, mode := range folders {
		if err := folderLike(image+"/"+name, skeleton+"/"+name, mode); err != nil {
			return err
		}
	}
	for name, text := range namesOf(config) {
		if err := os.WriteFile(skeleton+"/etc/"+name, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return workdir(config.Workdir, image, skeleton)
}

func namesOf(config *Config) map[string]string {
	files := map[string]string{
		"hostname": config.Hostname + "\n",
		"hosts": "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n" +
			fmt.Sprintf("%s\t%s\n", config.Address.Addr(), config.Hostname),
		"resolv.conf": resolvers(config),
	}
	if config.MachineID != "" {
		files["machine-id"] = config.MachineID + "\n"
	}
	return files
}

func resolvers(config *Config) string {
	servers := config.Nameservers
	if len(servers) == 0 && config.Gateway.IsValid() {
		servers = []netip.Addr{config.Gateway}
	}
	var lines strings.Builder
	for _, server := range servers {
		fmt.Fprintf(&lines, "nameserver %s\n", server)
	}
	return lines.String()
}

// workdir is made where the image has none, as Docker does. Who follows a link in the image is on their own.
func workdir(wanted, image, skeleton string) error {
	place := "/"
	for _, part := range strings.Split(strings.Trim(path.Clean(wanted), "/"), "/") {
		place = path.Join(place, part)
		info, err := os.Lstat(image + place)
		if err == nil && !info.IsDir() {
			return nil
		}
		if err := folderLike(image+place, skeleton+place, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// folderLike has the mode and the owner of the image's: in an overlay those of the upper layer count.
func folderLike(original, folder string, mode os.FileMode) error {
	var found syscall.Stat_t
	owner := identity{}
	if err := syscall.Lstat(original, &found); err == nil && found.Mode&syscall.S_IFMT == syscall.S_IFDIR {
		mode = os.FileMode(found.Mode & 0o7777)
		owner = identity{uid: found.Uid, gid: found.Gid}
	}
	if err := syscall.Mkdir(folder, uint32(mode)); err != nil && err != syscall.EEXIST {
		return fmt.Errorf("folder %s: %w", folder, err)
	}
	if err := os.Lchown(folder, int(owner.uid), int(owner.gid)); err != nil {
		return err
	}
	return syscall.Chmod(folder, uint32(mode))
}

// writeSecrets leaves files that the service's user alone can read.
func writeSecrets(folder string, secrets map[string][]byte, owner identity) error {
	for name, value := range secrets {
		path := folder + "/" + name
		if err := os.WriteFile(path, value, 0o400); err != nil {
			return fmt.Errorf("secret %s: %w", name, err)
		}
		if err := os.Chown(path, int(owner.uid), int(owner.gid)); err != nil {
			return fmt.Errorf("secret %s: %w", name, err)
		}
	}
	return nil
}
