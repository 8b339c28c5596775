/// The string entries of a safetensors header, in order.
public struct SafetensorsMetadata: Sendable, Equatable {
    /// One key with its value.
    public struct Entry: Sendable, Equatable {
        /// The key.
        public let key: String
        /// Its value.
        public let value: String

        /// Whether key and value are the same, byte by byte.
        public static func == (left: Entry, right: Entry) -> Bool {
            left.key.hasSameBytes(as: right.key) && left.value.hasSameBytes(as: right.value)
        }
    }

    /// The entries in order.
    public private(set) var entries: [Entry] = []

    /// No entries.
    public init() {}

    /// The value of a key, or nil.
    public subscript(key: String) -> String? { entries.first { $0.key.hasSameBytes(as: key) }?.value }

    /// Appends an entry with a key known to be new.
    mutating func append(_ key: String, _ value: String) {
        entries.append(Entry(key: key, value: value))
    }
}
