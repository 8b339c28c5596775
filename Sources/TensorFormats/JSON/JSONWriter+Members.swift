/// A key with its value; nil becomes `null`.
extension JSONWriter {
    /// Writes a key and `true` or `false`.
    public mutating func member(_ name: StaticString, _ value: Bool) {
        key(name)
        write(value)
    }

    /// Writes a key and an integer.
    public mutating func member(_ name: StaticString, _ value: Int) {
        key(name)
        write(value)
    }

    /// Writes a key and an integer.
    public mutating func member(_ name: StaticString, _ value: UInt64) {
        key(name)
        write(value)
    }

    /// Writes a key and a number; `null` if it is not finite.
    public mutating func member(_ name: StaticString, _ value: Double) {
        key(name)
        write(value)
    }

    /// Writes a key and a number; `null` if it is not finite.
    public mutating func member(_ name: StaticString, _ value: Float) {
        key(name)
        write(value)
    }

    /// Writes a key and a string.
    public mutating func member(_ name: StaticString, _ value: String) {
        key(name)
        write(value)
    }

    /// Writes a key and a string known at compile time.
    public mutating func member(_ name: StaticString, _ value: StaticString) {
        key(name)
        write(value)
    }

    /// Writes a key and `true` or `false`, or `null`.
    public mutating func member(_ name: StaticString, _ value: Bool?) {
        key(name)
        if let value { write(value) } else { writeNull() }
    }

    /// Writes a key and an integer, or `null`.
    public mutating func member(_ name: StaticString, _ value: Int?) {
        key(name)
        if let value { write(value) } else { writeNull() }
    }

    /// Writes a key and a number, or `null`.
    public mutating func member(_ name: StaticString, _ value: Double?) {
        key(name)
        if let value { write(value) } else { writeNull() }
    }

    /// Writes a key and a string, or `null`.
    public mutating func member(_ name: StaticString, _ value: String?) {
        key(name)
        if let value { write(value) } else { writeNull() }
    }

    /// Writes a key and a value of any kind.
    public mutating func member(_ name: StaticString, _ value: JSONValue) {
        key(name)
        write(value)
    }
}
