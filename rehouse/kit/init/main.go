// The first process of a guest: what happens from the kernel's hand-over until the power is off, in this order.
package main

import (
	"runtime"
	"syscall"
)

func main() {
	console := openConsole()
	if err := live(console); err != nil {
		console.say("%v", err)
	}
	powerOff(console)
}

// live returns when the service was asked to end and has ended, or nil of it could be started.
func live(console *console) error {
	config, err := prepare()
	if err != nil {
		return err
	}
	guest, err := newGuest(config, console)
	if err != nil {
		return err
	}
	stop := newSwitch()
	go attend(guest, stop, console)
	mark("service starts")
	guest.keepRunning(stop.on)
	return nil
}

func prepare() (*Config, error) {
	if err := mountOwn(); err != nil {
		return nil, err
	}
	mark("begins")
	if err := loadModules("/modules/early"); err != nil {
		return nil, err
	}
	mark("devices known")
	config, err := readConfig()
	if err != nil {
		return nil, err
	}
	if err := raiseNetwork(config); err != nil {
		return nil, err
	}
	mark("network up")
	liftLimits(config.Pids)
	return config, mountRoot(config)
}

// attend does what the first answer need not wait for.
func attend(guest *guest, stop *onOff, console *console) {
	behind(func() {
		if err := loadModules("/modules/late"); err != nil {
			console.say("%v", err)
		}
	})
	console.showKernelErrors()
	go heedButtons(stop)
	go heedSignals(stop)
	mark("buttons heard")
	serveAgent(guest, stop, console)
}

// behind does a job while the service leaves it the processor, or with a tenth of it.
func behind(job func()) {
	const patient = 10
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	syscall.Setpriority(syscall.PRIO_PROCESS, 0, patient)
	defer syscall.Setpriority(syscall.PRIO_PROCESS, 0, 0)
	job()
}

// liftLimits gives what a small guest's kernel is stingy with: the service's own limit is its cgroup's.
func liftLimits(pids int) {
	const noFile, processes = 1 << 20, 6 // RLIMIT_NPROC
	unlimited := syscall.Rlimit{Cur: ^uint64(0), Max: ^uint64(0)}
	syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: noFile, Max: noFile})
	syscall.Setrlimit(processes, &unlimited)
	setKernel("kernel/threads-max", pids+1024)
}
