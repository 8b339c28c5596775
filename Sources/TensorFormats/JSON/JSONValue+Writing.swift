extension JSONWriter {
    /// Writes a tree of values, with the keys in their order.
    public mutating func write(_ value: JSONValue) {
        switch value {
        case .null: writeNull()
        case .bool(let value): write(value)
        case .integer(let value): write(value)
        case .unsigned(let value): write(value)
        case .number(let value): write(value)
        case .rounded(_, var text): text.withUTF8 { write(encoded: UnsafeRawBufferPointer($0)) }
        case .string(let value): write(value)
        case .array(let values):
            beginArray()
            for value in values { write(value) }
            endArray()
        case .object(let object):
            beginObject()
            for entry in object.entries {
                key(entry.key)
                write(entry.value)
            }
            endObject()
        }
    }
}

extension JSONValue: CustomStringConvertible {
    /// The value as JSON on one line, without spaces.
    public var description: String {
        var writer = JSONWriter()
        writer.write(self)
        return writer.string
    }
}
