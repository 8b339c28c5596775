/// A name that is compared and hashed by its UTF-8 bytes, as the formats require.
///
/// Swift's strings are equal if they are canonically equivalent: "é" as one code point equals e with a combining accent, but in a file
/// they are two names.
struct ExactName: Hashable, Sendable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (left: ExactName, right: ExactName) -> Bool { left.text.hasSameBytes(as: right.text) }

    func hash(into hasher: inout Hasher) {
        var copy = text
        copy.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(UInt8.max)
    }
}

extension String {
    /// Whether two strings have the same UTF-8 bytes, which is stricter than `==`.
    public func hasSameBytes(as other: String) -> Bool { utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8) }
}
