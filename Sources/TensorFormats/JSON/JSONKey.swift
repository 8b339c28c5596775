/// A key of an object, still in the text that was scanned: comparing it allocates nothing.
///
/// A key can stand in a `switch`:
///
/// ```swift
/// while let key = try scanner.nextKey() {
///     switch key {
///     case "features": …
///     case "labels": …
///     default: try scanner.skipValue()
///     }
/// }
/// ```
///
/// It is valid only as long as the scanned bytes are.
public struct JSONKey: CustomStringConvertible {
    let text: EscapedText
    /// The offset in bytes of the key's opening quotation mark.
    public let offset: Int

    /// The key with its escapes resolved.
    ///
    /// - Complexity: Linear; the only member that allocates.
    public var description: String { text.string }

    /// Whether the key, its escapes resolved, is `name`.
    public static func == (key: JSONKey, name: StaticString) -> Bool {
        key.text.equals(UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }

    /// Lets string literals be the patterns of a `switch` over a key.
    public static func ~= (name: StaticString, key: JSONKey) -> Bool { key == name }
}
