/// Response fields that are encoded once and copied into every answer that has them.
public final class FieldBlock: Sendable {
    /// The fields as sent, each with its line end.
    let octets: [UInt8]

    /// Creates a block. As in a `Response`, control characters in values become spaces.
    public init(_ fields: [HeaderField]) {
        var octets: [UInt8] = []
        for field in fields {
            octets += field.name.description.utf8
            octets += ": ".utf8
            octets += field.value.utf8.map { Octets.isFieldValue($0) ? $0 : 0x20 }
            octets += "\r\n".utf8
        }
        self.octets = octets
    }
}
