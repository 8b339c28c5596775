internal import Concurrency

/// Takes the steps that recover stored models one after another.
///
/// Only one model at a time computes: it has all cores, and the first is ready soonest. No thread waits for a turn: a step begins when the
/// one before has computed. Waiting for the device is not part of a turn, since many models can do that at once.
final class RecoverySequence<Element: Sendable>: Sendable {
    private let rest: Guarded<ArraySlice<Element>>
    private let begin: @Sendable (Element, RecoveryTurn) -> Void

    /// - Parameter begin: starts an element's recovery and returns at once; the turn can be ended on any thread.
    init(_ elements: [Element], begin: @escaping @Sendable (Element, RecoveryTurn) -> Void) {
        rest = Guarded(elements[...])
        self.begin = begin
    }

    /// Starts the next element.
    func startNext() {
        if let next = rest.withLock({ $0.popFirst() }) { begin(next, RecoveryTurn { [self] in startNext() }) }
    }

    /// Starts no further element.
    func cancel() { rest.withLock { $0 = [] } }
}

/// The right to compute; ending it passes it to the next model.
package final class RecoveryTurn: Sendable {
    private let next: Guarded<(@Sendable () -> Void)?>

    init(_ next: @escaping @Sendable () -> Void) { self.next = Guarded(next) }

    /// Ends the turn; a second call does nothing.
    func end() { next.withLock { $0.take() }?() }
}
