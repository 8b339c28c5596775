/// The content of an inference request besides its values.
public struct InferenceRequest: Sendable, Equatable {
    /// A requested output.
    public struct Output: Sendable, Equatable {
        /// The output's index in the signature.
        public var index: Int
        /// Whether its data follows the JSON as binary.
        public var isBinary: Bool
        /// The number of best classes requested instead of all values.
        public var classes: Int?
    }

    /// The request's name as a JSON string with its quotation marks; empty if it has none.
    public internal(set) var id: [UInt8] = []
    /// The number of rows in the input.
    public internal(set) var rows = 0
    /// The index of the chosen value of the signature's parameter; nil if none is chosen.
    public internal(set) var choice: Int?
    /// The values of the signature's numeric parameters that were given, by their indices.
    public internal(set) var numbers: [Int: Double] = [:]
    /// The outputs in the requested order; empty if none was named, which requests all.
    public internal(set) var outputs: [Output] = []
    /// Whether outputs are binary by default.
    public internal(set) var isBinary = false
    /// Outputs that do not say whether they are binary, as bits by index.
    var undecided = 0

    /// An empty request.
    public init() {}

    /// Requests all outputs if none is requested by name.
    ///
    /// - Parameters:
    ///   - count: The number of outputs.
    ///   - further: The index of one more output, if any.
    public mutating func wantAll(of count: Int, and further: Int? = nil) {
        guard outputs.isEmpty else { return }
        for index in 0..<count { outputs.append(Output(index: index, isBinary: isBinary, classes: nil)) }
        if let further { outputs.append(Output(index: further, isBinary: isBinary, classes: nil)) }
    }

    /// Clears everything, but keeps the memory.
    public mutating func reset() {
        id.removeAll(keepingCapacity: true)
        outputs.removeAll(keepingCapacity: true)
        if !numbers.isEmpty { numbers.removeAll(keepingCapacity: true) }
        (rows, choice, isBinary, undecided) = (0, nil, false, 0)
    }
}
