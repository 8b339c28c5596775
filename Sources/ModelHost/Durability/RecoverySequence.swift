internal import Concurrency

/// What is recovered one after another: stored models, in the order of their names.
///
/// One at a time computes its state: that one has all cores, and the first is ready soonest. Nobody waits for a turn: a model
/// begins when the one before has computed. Waiting for the device is no part of a turn, as many can do that at once.
final class RecoverySequence<Element: Sendable>: Sendable {
    private let rest: Guarded<ArraySlice<Element>>
    private let begin: @Sendable (Element, RecoveryTurn) -> Void

    /// - Parameter begin: begins with an element, and returns at once; the turn is then ended on any thread.
    init(_ elements: [Element], begin: @escaping @Sendable (Element, RecoveryTurn) -> Void) {
        rest = Guarded(elements[...])
        self.begin = begin
    }

    /// Begins with the next element.
    func startNext() {
        if let next = rest.withLock({ $0.popFirst() }) { begin(next, RecoveryTurn { [self] in startNext() }) }
    }

    /// Begins with nothing more.
    func cancel() { rest.withLock { $0 = [] } }
}

/// The right to compute, which goes on to the next when it is given up.
package final class RecoveryTurn: Sendable {
    private let next: Guarded<(@Sendable () -> Void)?>

    init(_ next: @escaping @Sendable () -> Void) { self.next = Guarded(next) }

    /// Gives it up; a second call does nothing.
    func end() { next.withLock { $0.take() }?() }
}
