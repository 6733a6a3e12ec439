// "example healthcheck": what a HEALTHCHECK runs, as the image holds nothing else that could ask.
package main

import (
	"net/http"
	"os"
	"time"
)

// Before main, which knows nothing of arguments.
func init() {
	if len(os.Args) > 1 && os.Args[1] == "healthcheck" {
		os.Exit(healthcheck())
	}
}

func healthcheck() int {
	client := http.Client{Timeout: time.Second}
	answer, err := client.Get("http://127.0.0.1:" + setting("PORT", "8080") + "/healthz")
	if err != nil || answer.StatusCode != http.StatusOK {
		return 1
	}
	return 0
}
