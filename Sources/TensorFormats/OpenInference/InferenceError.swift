/// Why an inference request was refused.
public enum InferenceError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The JSON cannot be read, or holds a value of the wrong kind.
    case json(JSONError)
    /// The JSON would be longer than the body.
    case headerTooLong(Int, body: Int)
    /// A member is missing; `expected` says in words what it should be.
    case missing(String, expected: String)
    /// An input that does not exist.
    case unknownInput(String, expected: String)
    /// An output that does not exist.
    case unknownOutput(String, expected: [String])
    /// A duplicate input or output.
    case duplicate(String)
    /// A datatype that the protocol does not define.
    case unknownDatatype(String, of: String)
    /// A datatype that the input does not accept.
    case datatype(InferenceDatatype, of: String)
    /// A shape that the input does not accept.
    case shape(String, of: String, expected: String)
    /// Neither or both of JSON and binary data.
    case data(String, isTwice: Bool)
    /// JSON data of a type without a JSON form.
    case noJSONForm(InferenceDatatype, of: String)
    /// Binary data whose size does not match the shape.
    case binarySize(Int, of: String, expected: Int)
    /// Data after the JSON whose size does not match its tensors.
    case binaryData(Int, expected: Int)
    /// A raw body that is not a whole number of rows.
    case rawSize(Int, row: Int, of: String)
    /// A value that is not finite or exceeds the limit.
    case magnitude(FieldPlace, String, limit: Double)
    /// A tensor in shared memory.
    case sharedMemory(String)
    /// A request parameter whose value is not allowed.
    case choice(String, String, expected: [String])
    /// A request parameter that is a number out of its range.
    case number(String, Double, expected: ClosedRange<Double>)
    /// A number of classes that is invalid, or requested of an output without classes.
    case classification(String, of: String, expected: String)

    /// The reason in English, naming the tensor and what was expected.
    public var description: String {
        switch self {
        case .json(let error): return error.description
        case .headerTooLong(let length, let count):
            return "Inference-Header-Content-Length is \(length), but the body has \(count) bytes"
        case .missing(let what, let expected): return "\(what) is missing, expected \(expected)"
        case .unknownInput(let name, let expected): return "there is no input \"\(name)\", expected \"\(expected)\""
        case .unknownOutput(let name, let expected):
            return "there is no output \"\(name)\", expected \(Self.list(expected))"
        case .duplicate(let what): return "\(what) is given twice"
        case .unknownDatatype(let name, let tensor): return "input \"\(tensor)\" has the unknown datatype \"\(name)\", expected FP32"
        case .datatype(let type, let tensor):
            return "input \"\(tensor)\" has datatype \(type), expected FP32, FP64, FP16, BF16 or integers"
        case .shape(let shape, let tensor, let expected): return "input \"\(tensor)\" has shape \(shape), expected \(expected)"
        case .data(let tensor, let isTwice):
            return "input \"\(tensor)\" has \(isTwice ? "both" : "neither") \"data\" \(isTwice ? "and" : "nor") \"binary_data_size\", "
                + "expected one of them"
        case .noJSONForm(let type, let tensor):
            return "input \"\(tensor)\" has datatype \(type), which JSON cannot hold: send it as binary data"
        case .binarySize(let size, let tensor, let expected):
            return "input \"\(tensor)\" has a binary_data_size of \(size), expected \(expected) for its shape and datatype"
        case .binaryData(let count, let expected):
            return "\(count) bytes of binary data follow the JSON, expected \(expected)"
        case .rawSize(let count, let row, let tensor):
            return "the raw body for input \"\(tensor)\" has \(count) bytes, expected one or more rows of \(row) bytes (FP32)"
        case .magnitude(let place, let value, let limit):
            return "\(place) is \(value); magnitude must be finite and at most \(ShortestDecimal.text(of: limit))"
        case .sharedMemory(let tensor): return "\(tensor) is in shared memory, which this server does not support: send its data"
        case .choice(let name, let value, let expected):
            return "the parameter \"\(name)\" is \"\(value)\", expected \(Self.list(expected))"
        case .number(let name, let value, let range):
            let texts = [value, range.lowerBound, range.upperBound].map { number in
                Int(exactly: number).map(String.init) ?? ShortestDecimal.text(of: number)
            }
            return "the parameter \"\(name)\" is \(texts[0]), expected a number from \(texts[1]) to \(texts[2])"
        case .classification(let value, let output, let expected):
            return "output \"\(output)\" has the parameter \"classification\" \(value), expected \(expected)"
        }
    }

    private static func list(_ names: [String]) -> String {
        names.map { "\"\($0)\"" }.joined(separator: " or ")
    }
}
