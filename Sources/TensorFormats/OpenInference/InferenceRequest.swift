/// What an inference request says beside its values.
public struct InferenceRequest: Sendable, Equatable {
    /// An output that is asked for.
    public struct Output: Sendable, Equatable {
        /// Which of the signature's outputs.
        public var index: Int
        /// Whether its data follows the JSON as binary.
        public var isBinary: Bool
        /// How many of the best classes are wanted instead of all values.
        public var classes: Int?
    }

    /// The request's name as a JSON string with its quotation marks; empty where it has none.
    public internal(set) var id: [UInt8] = []
    /// How many rows the input has.
    public internal(set) var rows = 0
    /// Which value of the signature's parameter is chosen; nil where none is.
    public internal(set) var choice: Int?
    /// The outputs in the order in which they were asked for; empty where none was named, and all are wanted.
    public internal(set) var outputs: [Output] = []
    /// Whether outputs that do not say otherwise are binary.
    public internal(set) var isBinary = false
    /// Outputs, as bits by index, that do not say whether they are binary.
    var undecided = 0

    /// A request that says nothing.
    public init() {}

    /// Asks for all outputs where none is asked for by name.
    ///
    /// - Parameter count: How many there are.
    public mutating func wantAll(of count: Int) {
        guard outputs.isEmpty else { return }
        for index in 0..<count { outputs.append(Output(index: index, isBinary: isBinary, classes: nil)) }
    }

    /// Forgets everything but its memory.
    public mutating func reset() {
        id.removeAll(keepingCapacity: true)
        outputs.removeAll(keepingCapacity: true)
        (rows, choice, isBinary, undecided) = (0, nil, false, 0)
    }
}
