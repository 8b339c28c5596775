/// What a model that takes one matrix can be asked.
public struct InferenceSignature: Sendable {
    /// The name of its one input, a matrix.
    public let input: StaticString
    /// The names of its outputs.
    public let outputs: [StaticString]
    /// Whether an output has a value for each class, so that the best can be asked for.
    public let hasClasses: [Bool]
    /// A request parameter of its own.
    public let parameter: StaticString
    /// The values that may have.
    public let values: [StaticString]
    /// The largest magnitude of a value.
    public let maximumMagnitude: Double

    /// Describes a model.
    public init(
        input: StaticString, outputs: KeyValuePairs<StaticString, Bool>, parameter: StaticString, values: [StaticString],
        maximumMagnitude: Double
    ) {
        self.input = input
        self.outputs = outputs.map(\.key)
        hasClasses = outputs.map(\.value)
        self.parameter = parameter
        self.values = values
        self.maximumMagnitude = maximumMagnitude
    }
}
