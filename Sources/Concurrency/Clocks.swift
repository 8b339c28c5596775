internal import Glibc

/// Time since some moment in the past, which no change of the calendar moves.
package enum MonotonicClock {
    /// In seconds.
    package static var now: Double { timespec(CLOCK_MONOTONIC).seconds }

    /// Seconds since then, in whole microseconds: what people read.
    package static func seconds(since start: Double) -> Double { ((now - start) * 1e6).rounded() / 1e6 }

    package static var nanoseconds: Int64 { timespec(CLOCK_MONOTONIC).nanoseconds }

    /// A few milliseconds coarse, and cheap.
    package static var coarseMilliseconds: Int64 {
        let time = timespec(CLOCK_MONOTONIC_COARSE)
        return Int64(time.tv_sec) &* 1000 &+ Int64(time.tv_nsec) / 1_000_000
    }
}

extension timespec {
    /// What a clock of the system says now: nobody else asks one.
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

/// The time of day since 1970, which may jump: for what people and other machines read.
package enum WallClock {
    /// In seconds.
    package static var now: Double { timespec(CLOCK_REALTIME).seconds }

    package static var nanoseconds: Int64 { timespec(CLOCK_REALTIME).nanoseconds }

    /// In whole seconds, a few milliseconds coarse, and cheap.
    package static var coarseSeconds: Int { timespec(CLOCK_REALTIME_COARSE).tv_sec }
}
