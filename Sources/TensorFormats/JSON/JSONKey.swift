/// A key of an object, as part of the scanned text: comparing it does not allocate.
///
/// A key can be used in a `switch`:
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
/// It is valid only while the scanned bytes are.
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

    /// Lets string literals serve as `switch` patterns for a key.
    public static func ~= (name: StaticString, key: JSONKey) -> Bool { key == name }
}
