/// Takes, once, what became of a job: its value, or why it was refused.
///
/// It is called on the thread that did the job, which goes on with the next one when it returns.
package struct Completion<Value: Sendable>: Sendable {
    private let body: @Sendable (Result<Value, ModelError>) -> Void
    private let isAwaited: (@Sendable () -> Bool)?

    /// - Parameters:
    ///   - isAwaited: whether anybody still waits for the outcome; a job that only reads is not done otherwise. Nil: always.
    ///   - body: takes the outcome. It must not wait for anything.
    package init(isAwaited: (@Sendable () -> Bool)? = nil, _ body: @escaping @Sendable (Result<Value, ModelError>) -> Void) {
        self.isAwaited = isAwaited
        self.body = body
    }

    /// Whether the job is worth its time.
    var isWanted: Bool { isAwaited?() ?? true }

    func succeed(_ value: Value) { body(.success(value)) }

    func fail(_ error: ModelError) { body(.failure(error)) }
}
