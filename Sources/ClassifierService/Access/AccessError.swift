/// Why access cannot be controlled as it was asked for.
public struct AccessError: Error, Sendable, CustomStringConvertible {
    /// The reason, with the file and the line.
    public let description: String

    init(_ description: String) { self.description = description }
}
