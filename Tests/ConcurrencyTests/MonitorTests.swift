import Concurrency
import Foundation
import Testing

@Suite struct MonitorTests {
    @Test(arguments: [nil, Double.infinity, 1e300, .nan]) func withoutADeadlineThatComes_oneWaitsUntilASignal(deadline: Double?) throws {
        let monitor = Monitor()
        let isSignalled = Guarded(false)
        let thread = Thread {
            usleep(20_000)
            monitor.withLock {
                isSignalled.withLock { $0 = true }
                monitor.signal()
            }
        }
        thread.start()
        monitor.withLock {
            while !isSignalled.withLock({ $0 }) { #expect(monitor.wait(until: deadline)) }
        }
    }

    @Test(arguments: [-1, 0, -Double.infinity]) func aDeadlineThatHasPassed_waitsForNothing(deadline: Double) {
        let monitor = Monitor()
        #expect(!monitor.withLock { monitor.wait(until: deadline) })
    }
}
