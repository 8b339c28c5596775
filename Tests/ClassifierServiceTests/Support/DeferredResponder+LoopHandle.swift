@testable import HTTPServer

extension DeferredResponder {
    /// Answers through the mailbox of a loop that does not run.
    convenience init(_ handle: LoopHandle, _ key: ConnectionKey, _ sequence: UInt32, _ liveness: Liveness) {
        self.init(ConnectionAddress(mailbox: handle.mailbox, key: key), sequence, liveness)
    }
}
