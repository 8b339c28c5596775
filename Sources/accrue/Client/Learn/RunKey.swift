/// What a run of `learn` is called: the server remembers under it, batch by batch, what it has learned.
///
/// A request has the run's key, a hyphen and the batch's number as its `Idempotency-Key`. The number is digits alone, so no two runs with
/// different keys ever make the same one.
struct RunKey: Sendable, Equatable, CustomStringConvertible {
    /// The longest key: with the number it must fit the 255 characters of the service.
    static let maximumLength = 200

    let description: String

    /// - Throws: `UsageError` for anything but 1 to 200 visible ASCII characters without spaces.
    init(_ text: String) throws(UsageError) {
        guard (1...Self.maximumLength).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw UsageError("--key must be 1 to \(Self.maximumLength) visible ASCII characters without spaces")
        }
        description = text
    }

    /// A key that no other run has.
    init() {
        let random = UInt64.random(in: .min ... .max)
        description = "run-" + String(random, radix: 36)
    }

    /// The `Idempotency-Key` of a batch.
    func request(_ number: Int) -> String { "\(description)-\(number)" }
}
