// What the service answers.
package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

var (
	generation = os.Getenv("REHOUSE_GENERATION")
	version    = os.Getenv("VERSION")
)

func routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /{$}", about)
	mux.HandleFunc("GET /slow", slow)
	mux.HandleFunc("POST /upload", upload)
	mux.HandleFunc("GET /stream", stream)
	mux.HandleFunc("GET /file", file)
	return mux
}

func about(w http.ResponseWriter, _ *http.Request) {
	host, _ := os.Hostname()
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	answer(w, map[string]any{
		"generation": generation, "version": version,
		"host": host, "kernel": strings.TrimSpace(string(kernel)),
	})
}

func slow(w http.ResponseWriter, r *http.Request) {
	time.Sleep(milliseconds(r, 1000))
	about(w, r)
}

func upload(w http.ResponseWriter, r *http.Request) {
	sum := sha256.New()
	if _, err := io.Copy(sum, r.Body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	fmt.Fprintf(w, "%x\n", sum.Sum(nil))
}

// stream ends with the checksum of all lines before, so that a reader can tell an end from a cut.
func stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	sum, gap := sha256.New(), milliseconds(r, 20)
	for i := range whole(r, "chunks", 10) {
		if !send(w, sum, fmt.Sprintf("chunk %d of %s\n", i, generation)) {
			return
		}
		time.Sleep(gap)
	}
	fmt.Fprintf(w, "end %x\n", sum.Sum(nil))
}

func send(w http.ResponseWriter, sum hash.Hash, line string) bool {
	io.WriteString(sum, line)
	_, err := io.WriteString(w, line)
	return err == nil && http.NewResponseController(w).Flush() == nil
}

// file describes a file and does not show it: it may be a secret.
func file(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Query().Get("path")
	info, err := os.Stat(path)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	content, err := os.ReadFile(path)
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	answer(w, map[string]any{
		"mode": fmt.Sprintf("%04o", info.Mode().Perm()), "uid": info.Sys().(*syscall.Stat_t).Uid,
		"sha256": fmt.Sprintf("%x", sha256.Sum256(content)),
	})
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(value)
}

func milliseconds(r *http.Request, otherwise int) time.Duration {
	return time.Duration(whole(r, "ms", otherwise)) * time.Millisecond
}

func whole(r *http.Request, name string, otherwise int) int {
	if value, err := strconv.Atoi(r.URL.Query().Get(name)); err == nil && value >= 0 {
		return value
	}
	return otherwise
}
