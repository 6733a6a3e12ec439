package main

import (
	"os"
	"reflect"
	"testing"
)

func rootWith(t *testing.T, files map[string]string) string {
	root := t.TempDir()
	os.MkdirAll(root+"/etc", 0o755)
	for name, text := range files {
		if err := os.WriteFile(root+"/"+name, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

var accounts = map[string]string{
	"etc/passwd": "root:x:0:0:root:/root:/bin/sh\nweb:x:1234:2345::/srv:\n\nbroken\n",
	"etc/group":  "root:x:0:\nlogs:x:3456:web,other\nothers:x:4567:other\n",
}

// A user is found by name and by number, with group, groups and home as the image says.
func TestUsers(t *testing.T) {
	root := rootWith(t, accounts)
	for wanted, who := range map[string]identity{
		"":          {home: "/root"},
		"0":         {home: "/root"},
		"web":       {uid: 1234, gid: 2345, groups: []uint32{3456}, home: "/srv"},
		"1234":      {uid: 1234, gid: 2345, groups: []uint32{3456}, home: "/srv"},
		"web:logs":  {uid: 1234, gid: 3456, home: "/srv"},
		"web:99":    {uid: 1234, gid: 99, home: "/srv"},
		"1000":      {uid: 1000, home: "/"},
		"1000:1000": {uid: 1000, gid: 1000, home: "/"},
	} {
		if found, err := resolveUser(root, wanted); err != nil || !reflect.DeepEqual(found, who) {
			t.Errorf("%q: %v %v", wanted, found, err)
		}
	}
}

// An image without accounts has numbers only, and a name is an error, not root.
func TestNoAccounts(t *testing.T) {
	root := t.TempDir()
	if who, err := resolveUser(root, "65532:65532"); err != nil || who.uid != 65532 || who.gid != 65532 {
		t.Error(who, err)
	}
	for _, wanted := range []string{"web", "1000:web", "-1", "4294967295"} {
		if who, err := resolveUser(root, wanted); err == nil {
			t.Errorf("%s: %v", wanted, who)
		}
	}
}
