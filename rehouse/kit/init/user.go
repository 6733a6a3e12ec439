// Who the service is: a user by name or number, with the groups and the home that the image says.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

type identity struct {
	uid, gid uint32
	groups   []uint32
	home     string
}

// resolveUser understands what an image may say: user, user:group, each by name or by number, or nothing.
func resolveUser(root, wanted string) (identity, error) {
	name, group, hasGroup := strings.Cut(wanted, ":")
	who, login, err := userOf(tableOf(root+"/etc/passwd"), name)
	if err != nil {
		return who, err
	}
	groups := tableOf(root + "/etc/group")
	if hasGroup {
		who.gid, err = groupOf(groups, group)
		return who, err
	}
	who.groups = memberships(groups, login)
	return who, nil
}

// userOf takes a number that the image does not know, as Docker does: its group is then that of root.
func userOf(users [][]string, name string) (identity, string, error) {
	if name == "" {
		name = "0"
	}
	number, isNumber := numberOf(name)
	for _, line := range users {
		if len(line) < 6 || !(line[0] == name || isNumber && line[2] == name) {
			continue
		}
		uid, known := numberOf(line[2])
		gid, grouped := numberOf(line[3])
		if known && grouped {
			return identity{uid: uid, gid: gid, home: line[5]}, line[0], nil
		}
	}
	if !isNumber {
		return identity{}, "", fmt.Errorf("user %s: not in the image's /etc/passwd", name)
	}
	return identity{uid: number, home: "/"}, "", nil
}

func groupOf(groups [][]string, name string) (uint32, error) {
	for _, line := range groups {
		if len(line) < 3 || line[0] != name {
			continue
		}
		if gid, known := numberOf(line[2]); known {
			return gid, nil
		}
	}
	gid, isNumber := numberOf(name)
	if !isNumber {
		return 0, fmt.Errorf("group %s: not in the image's /etc/group", name)
	}
	return gid, nil
}

func memberships(groups [][]string, login string) (found []uint32) {
	for _, line := range groups {
		if len(line) < 4 || login == "" {
			continue
		}
		gid, known := numberOf(line[2])
		for _, member := range strings.Split(line[3], ",") {
			if known && member == login {
				found = append(found, gid)
			}
		}
	}
	return found
}

func tableOf(path string) (lines [][]string) {
	text, _ := os.ReadFile(path) // an image need not have one
	for _, line := range strings.Split(string(text), "\n") {
		lines = append(lines, strings.Split(line, ":"))
	}
	return lines
}

func numberOf(text string) (uint32, bool) {
	number, err := strconv.ParseUint(text, 10, 31)
	return uint32(number), err == nil
}
