// The example service: it says which generation answered, and misbehaves when its environment tells it to.
package main

import (
	"context"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetOutput(os.Stdout)
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	told := readFaults()
	if told.exitAtOnce {
		log.Print("told to exit at once")
		os.Exit(1)
	}
	pause(stop, told.startDelay)
	if told.neverListen {
		log.Print("told never to listen")
		<-stop.Done()
	}
	if stop.Err() == nil {
		serve(stop, told)
	}
}

func serve(stop context.Context, told *faults) {
	listener, err := net.Listen("tcp", ":"+setting("PORT", "8080"))
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{
		Handler:           told.wrap(routes()),
		ConnState:         told.connState,
		ReadHeaderTimeout: 10 * time.Second,
	}
	log.Printf("listening on %s as %s, version %s", listener.Addr(), generation, version)
	go func() { log.Print(server.Serve(listener)) }()
	<-stop.Done()
	finish(server)
}

// finish answers what is in flight before it lets go.
func finish(server *http.Server) {
	log.Print("asked to stop: finishing what is in flight")
	patience, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	if err := server.Shutdown(patience); err != nil {
		log.Printf("stopped with requests in flight: %v", err)
		os.Exit(1)
	}
	log.Print("stopped")
}

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func pause(stop context.Context, length time.Duration) {
	select {
	case <-stop.Done():
	case <-time.After(length):
	}
}
