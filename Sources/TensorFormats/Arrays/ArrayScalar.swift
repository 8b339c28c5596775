/// The element types of arrays from which features or labels can be read.
public enum ArrayScalar: Equatable, Sendable, CustomStringConvertible {
    /// IEEE 754 binary16.
    case float16
    /// The upper half of a binary32.
    case bfloat16
    /// IEEE 754 binary32.
    case float32
    /// IEEE 754 binary64.
    case float64
    /// A two's complement or unsigned integer of 1, 2, 4 or 8 bytes.
    case integer(byteCount: Int, isSigned: Bool)
    /// A byte, 0 or 1.
    case bool
    /// A text of at most this many bytes, padded with zeros.
    case bytes(count: Int)
    /// A text of at most this many Unicode scalars of four bytes each, padded with zeros.
    case unicode(count: Int)

    /// The size of an element in bytes, or nil if it overflows.
    public var byteCount: Int? {
        switch self {
        case .float16, .bfloat16: return 2
        case .float32: return 4
        case .float64: return 8
        case .integer(let byteCount, _): return byteCount
        case .bool: return 1
        case .bytes(let count): return count
        case .unicode(let count):
            let (size, overflow) = count.multipliedReportingOverflow(by: 4)
            return overflow ? nil : size
        }
    }

    /// The types that features can have, for messages.
    public static let numbers = "numbers (float16 to float64, int8 to uint64, or bool)"

    /// Whether features can be read from these elements.
    public var isNumber: Bool {
        switch self {
        case .float16, .bfloat16, .float32, .float64, .integer, .bool: true
        case .bytes, .unicode: false
        }
    }

    /// Whether a `Float` holds every value of these elements exactly.
    public var fitsFloat: Bool {
        switch self {
        case .float16, .bfloat16, .float32, .bool: true
        case .integer(let byteCount, _): byteCount <= 2
        case .float64, .bytes, .unicode: false
        }
    }

    /// The name as NumPy writes it: `float32`, `uint8`, `str`.
    public var description: String {
        switch self {
        case .float16: "float16"
        case .bfloat16: "bfloat16"
        case .float32: "float32"
        case .float64: "float64"
        case .integer(let byteCount, let isSigned): "\(isSigned ? "int" : "uint")\(8 * byteCount)"
        case .bool: "bool"
        case .bytes: "bytes"
        case .unicode: "str"
        }
    }
}
