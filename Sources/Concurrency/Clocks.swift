internal import Glibc

/// Time since some moment in the past, independent of calendar changes.
package enum MonotonicClock {
    /// In seconds.
    package static var now: Double { timespec(CLOCK_MONOTONIC).seconds }

    /// Seconds since then, in whole microseconds, for people to read.
    package static func seconds(since start: Double) -> Double { ((now - start) * 1e6).rounded() / 1e6 }

    package static var nanoseconds: Int64 { timespec(CLOCK_MONOTONIC).nanoseconds }

    /// Cheap, and accurate to a few milliseconds.
    package static var coarseMilliseconds: Int64 {
        let time = timespec(CLOCK_MONOTONIC_COARSE)
        return Int64(time.tv_sec) &* 1000 &+ Int64(time.tv_nsec) / 1_000_000
    }
}

/// Time since the machine was booted, which also passes while the machine is suspended.
package enum UptimeClock {
    /// In seconds.
    package static var now: Double { timespec(CLOCK_BOOTTIME).seconds }
}

extension timespec {
    /// What a clock of the system says now. All other code goes through here.
    init(_ clock: clockid_t) {
        self.init()
        clock_gettime(clock, &self)
    }

    var seconds: Double { Double(tv_sec) + Double(tv_nsec) * 1e-9 }

    var nanoseconds: Int64 { Int64(tv_sec) &* 1_000_000_000 &+ Int64(tv_nsec) }
}

/// The processor time of all threads of this process.
package enum ProcessorClock {
    /// In seconds.
    package static var now: Double { timespec(CLOCK_PROCESS_CPUTIME_ID).seconds }
}

/// The time of day since 1970, which may jump: for people and other machines.
package enum WallClock {
    /// In seconds.
    package static var now: Double { timespec(CLOCK_REALTIME).seconds }

    package static var nanoseconds: Int64 { timespec(CLOCK_REALTIME).nanoseconds }

    /// In whole seconds; cheap, and accurate to a few milliseconds.
    package static var coarseSeconds: Int { timespec(CLOCK_REALTIME_COARSE).tv_sec }
}
