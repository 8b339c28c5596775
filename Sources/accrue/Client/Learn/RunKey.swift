import CommandSupport

/// The name of a `learn` run, under which the server remembers each learned batch.
///
/// The `Idempotency-Key` of a request is the run's key, a hyphen and the batch's number. The number is only digits, so different run keys
/// never yield the same request key.
struct RunKey: Sendable, Equatable, CustomStringConvertible {
    /// The longest key: with the number it must fit the service's 255 characters.
    static let maximumLength = 200

    let description: String

    /// - Throws: `UsageError` for anything but 1 to 200 visible ASCII characters without spaces.
    init(_ text: String) throws(UsageError) {
        guard (1...Self.maximumLength).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw UsageError("--key must be 1 to \(Self.maximumLength) visible ASCII characters without spaces")
        }
        description = text
    }

    /// A unique key.
    init() {
        let random = UInt64.random(in: .min ... .max)
        description = "run-" + String(random, radix: 36)
    }

    /// The `Idempotency-Key` of a batch.
    func request(_ number: Int) -> String { "\(description)-\(number)" }
}
