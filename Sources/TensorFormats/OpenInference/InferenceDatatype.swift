/// The element types of tensors in the Open Inference Protocol, with its names.
public enum InferenceDatatype: Sendable, Equatable, CaseIterable, CustomStringConvertible {
    /// A byte, 0 or 1.
    case bool
    /// Unsigned integers.
    case uint8, uint16, uint32, uint64
    /// Signed integers, two's complement.
    case int8, int16, int32, int64
    /// IEEE 754 binary16, and the upper half of a binary32; neither has a form in JSON.
    case fp16, bf16
    /// IEEE 754 binary32 and binary64.
    case fp32, fp64
    /// Texts of any length.
    case bytes

    /// The name in the protocol.
    public var name: StaticString {
        switch self {
        case .bool: "BOOL"
        case .uint8: "UINT8"
        case .uint16: "UINT16"
        case .uint32: "UINT32"
        case .uint64: "UINT64"
        case .int8: "INT8"
        case .int16: "INT16"
        case .int32: "INT32"
        case .int64: "INT64"
        case .fp16: "FP16"
        case .bf16: "BF16"
        case .fp32: "FP32"
        case .fp64: "FP64"
        case .bytes: "BYTES"
        }
    }

    /// The name in the protocol.
    public var description: String { name.description }

    /// The size of an element; nil for `bytes`.
    public var byteCount: Int? {
        switch self {
        case .bool, .uint8, .int8: 1
        case .uint16, .int16, .fp16, .bf16: 2
        case .uint32, .int32, .fp32: 4
        case .uint64, .int64, .fp64: 8
        case .bytes: nil
        }
    }

    /// The type with this name.
    init?(_ text: EscapedText) {
        for type in Self.allCases where text.equals(type.name) {
            self = type
            return
        }
        return nil
    }
}

extension EscapedText {
    /// Whether the text with its escapes resolved equals `name`.
    func equals(_ name: StaticString) -> Bool {
        equals(UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }

    /// The text for messages, shortened if it is very long.
    var excerpt: String {
        guard raw.count > 160 else { return string }
        return String(decoding: UnsafeRawBufferPointer(rebasing: raw[..<160]), as: UTF8.self) + "…"
    }
}
