/// Receives a job's result once: its value, or the error that refused it.
///
/// It is called on the thread that ran the job; that thread continues with the next job when the call returns.
package struct Completion<Value: Sendable>: Sendable {
    private let body: @Sendable (Result<Value, ModelError>) -> Void
    private let isAwaited: (@Sendable () -> Bool)?

    /// - Parameters:
    ///   - isAwaited: whether the caller still waits for the outcome; if not, a job that only reads is skipped. Nil: always.
    ///   - body: receives the outcome. It must not block.
    package init(isAwaited: (@Sendable () -> Bool)? = nil, _ body: @escaping @Sendable (Result<Value, ModelError>) -> Void) {
        self.isAwaited = isAwaited
        self.body = body
    }

    /// Whether the outcome is still awaited.
    var isWanted: Bool { isAwaited?() ?? true }

    func succeed(_ value: Value) { body(.success(value)) }

    func fail(_ error: ModelError) { body(.failure(error)) }
}
