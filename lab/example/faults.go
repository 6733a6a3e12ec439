// What the service is told to do wrong, so that gates and rollouts have something to find.
package main

import (
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

type faults struct {
	exitAtOnce, neverListen    bool
	unhealthy, health500, flap bool
	startDelay                 time.Duration
	crashAfter                 int64
	answered, healthAsked      atomic.Int64
}

func readFaults() *faults {
	return &faults{
		exitAtOnce:  flag("EXIT_AT_ONCE"),
		neverListen: flag("NEVER_LISTEN"),
		unhealthy:   flag("UNHEALTHY"),
		health500:   flag("HEALTH_500"),
		flap:        flag("FLAP"),
		startDelay:  time.Duration(number("START_DELAY")) * time.Millisecond,
		crashAfter:  int64(number("CRASH_AFTER")),
	}
}

func (f *faults) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Rehouse-Generation", generation)
		if status := f.status(r); status != http.StatusOK {
			log.Printf("told to answer %s with %d", r.URL.Path, status)
			http.Error(w, http.StatusText(status), status)
		} else {
			next.ServeHTTP(w, r)
		}
		f.answered.Add(1)
	})
}

func (f *faults) status(r *http.Request) int {
	health := r.URL.Path == "/healthz"
	switch {
	case health && f.health500:
		return http.StatusInternalServerError
	case health && f.flap && f.healthAsked.Add(1)%2 == 0:
		return http.StatusServiceUnavailable
	case health && f.unhealthy:
		return http.StatusServiceUnavailable
	case f.unhealthy:
		return http.StatusInternalServerError
	}
	return http.StatusOK
}

// connState crashes between two requests: an answer that was counted has been sent in full by then.
func (f *faults) connState(_ net.Conn, state http.ConnState) {
	over := state == http.StateIdle || state == http.StateClosed
	if over && f.crashAfter > 0 && f.answered.Load() >= f.crashAfter {
		log.Printf("told to crash after %d requests", f.crashAfter)
		os.Exit(3)
	}
}

func flag(name string) bool {
	value := os.Getenv(name)
	return value != "" && value != "0"
}

func number(name string) int {
	value, err := strconv.Atoi(setting(name, "0"))
	if err != nil {
		log.Fatalf("%s: not a number: %q", name, os.Getenv(name))
	}
	return value
}
