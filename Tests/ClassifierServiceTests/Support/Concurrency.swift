import Concurrency
import Foundation
import HTTPServer

/// Runs a body on `count` threads at once and waits for all of them.
///
/// - Throws: the first error of any of them.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    let failure = FirstError()
    let group = DispatchGroup()
    for index in 0..<count {
        group.enter()
        let thread = Thread {
            do { try body(index) } catch { failure.note(error) }
            group.leave()
        }
        thread.stackSize = 1 << 20
        thread.start()
    }
    group.wait()
    try failure.rethrow()
}

/// Values that threads collect.
final class Collected<Element: Sendable>: Sendable {
    private let elements = Guarded<[Element]>([])

    func append(_ element: Element) { elements.withLock { $0.append(element) } }
    var all: [Element] { elements.withLock { $0 } }
}

private final class FirstError: Sendable {
    private let error = Guarded<(any Error)?>(nil)

    func note(_ error: any Error) { self.error.withLock { $0 = $0 ?? error } }
    func rethrow() throws { if let error = error.withLock({ $0 }) { throw error } }
}

/// A generator with a reproducible sequence (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A draw from N(0, 1), as the sum of twelve uniform ones: close enough for test data.
    mutating func normal() -> Double {
        (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0..<1, using: &self) }
    }
}

/// Lets threads continue once all of them have arrived.
final class Gate: Sendable {
    private let missing: Guarded<Int>
    private let semaphore = DispatchSemaphore(value: 0)

    init(_ count: Int) { missing = Guarded(count) }

    func pass() {
        let isLast = missing.withLock { missing in
            missing -= 1
            return missing == 0
        }
        if isLast { semaphore.signal() }
        semaphore.wait()
        semaphore.signal()
    }
}

/// A signal from one thread to others.
final class Flag: Sendable {
    private let state = Guarded(false)

    var isRaised: Bool { state.withLock { $0 } }
    func raise() { state.withLock { $0 = true } }
}
