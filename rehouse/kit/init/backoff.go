// How long until an ended service is started again: as Docker does it.
package main

import "time"

const (
	firstPause  = 100 * time.Millisecond
	longestWait = time.Minute
	ranWell     = 10 * time.Second // then it begins anew
)

type backoff struct{ last time.Duration }

func (b *backoff) next(ran time.Duration) time.Duration {
	if b.last == 0 || ran >= ranWell {
		b.last = firstPause
	} else {
		b.last = min(2*b.last, longestWait)
	}
	return b.last
}
