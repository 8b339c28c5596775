/// The entries of a JSON object in their given order, with unique keys.
public struct JSONObject: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    /// One key with its value.
    public struct Entry: Sendable, Equatable {
        /// The key.
        public var key: String
        /// Its value.
        public var value: JSONValue

        /// Whether key and value are the same, byte by byte.
        public static func == (left: Entry, right: Entry) -> Bool { left.key.hasSameBytes(as: right.key) && left.value == right.value }
    }

    /// The entries in order.
    public private(set) var entries: [Entry] = []

    /// An object without entries.
    public init() {}

    /// An object with the given entries; of equal keys the last one counts.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (key, value) in elements { self[key] = value }
    }

    /// The value of a key; assigning to a new key appends it, assigning nil removes the entry.
    ///
    /// - Complexity: Linear in the number of entries: configuration has few.
    public subscript(key: String) -> JSONValue? {
        get { entries.first { $0.key.hasSameBytes(as: key) }?.value }
        set {
            guard let index = entries.firstIndex(where: { $0.key.hasSameBytes(as: key) }) else {
                if let newValue { entries.append(Entry(key: key, value: newValue)) }
                return
            }
            if let newValue { entries[index].value = newValue } else { entries.remove(at: index) }
        }
    }

    /// Appends an entry with a key known to be new.
    mutating func append(_ key: String, _ value: JSONValue) {
        entries.append(Entry(key: key, value: value))
    }
}
