/// The inputs and outputs of a model that takes one matrix.
public struct InferenceSignature: Sendable {
    /// The name of its only input, a matrix.
    public let input: StaticString
    /// The names of its outputs.
    public let outputs: [StaticString]
    /// Whether an output has a value for each class, so that the best can be requested.
    public let hasClasses: [Bool]
    /// The name of its own request parameter.
    public let parameter: StaticString
    /// The parameter's possible values.
    public let values: [StaticString]
    /// The names of request parameters that are numbers.
    public let numbers: [StaticString]
    /// Their possible values.
    public let ranges: [ClosedRange<Double>]
    /// The largest magnitude of a value.
    public let maximumMagnitude: Double

    /// Describes a model.
    public init(
        input: StaticString, outputs: KeyValuePairs<StaticString, Bool>, parameter: StaticString, values: [StaticString],
        numbers: KeyValuePairs<StaticString, ClosedRange<Double>> = [:], maximumMagnitude: Double
    ) {
        self.input = input
        self.outputs = outputs.map(\.key)
        hasClasses = outputs.map(\.value)
        self.parameter = parameter
        self.values = values
        self.numbers = numbers.map(\.key)
        ranges = numbers.map(\.value)
        self.maximumMagnitude = maximumMagnitude
    }
}
